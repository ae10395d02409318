-- What an import knows a person by whom it brought, so that a second run finds them: a hash of name, e-mail, date of
-- birth and phone as they stood in the file. Null: somebody else brought them.

alter table patients add column import_key bytea check (length(import_key) = 32);
create unique index patients_import_key on patients (practice_id, import_key) where import_key is not null;
