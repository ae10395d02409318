-- Once means once, and who did what.

create table idempotency_keys (
  partner_id   int not null references partners,
  key          text not null,
  request_hash bytea not null,
  answer       bytea,  -- null only inside the transaction that is still doing the work
  created_at   timestamptz not null default now(),
  primary key (partner_id, key)
);
create index idempotency_keys_by_age on idempotency_keys (created_at);
grant select, insert, update on idempotency_keys to openmedspa_app;
grant select, delete on idempotency_keys to openmedspa_system;

-- Append-only for those who serve: no role of ours may update or delete.
create table audit (
  practice_id int not null,
  id          bigint generated always as identity,
  at          timestamptz not null,
  actor       text not null,
  action      text not null,
  subject     text not null,
  request_id  text,
  -- Where the caller came from: set with the transaction's scope, so that no statement needs to name it.
  address     text default nullif(current_setting('app.address', true), ''),
  primary key (practice_id, id)
);
create index audit_by_subject on audit (practice_id, subject);
select scope_by_practice('audit');
-- What a partner does to its own settings belongs to no practice: it is recorded under 0, the platform.
create policy platform on audit for insert to openmedspa_app with check (practice_id = 0);
revoke update on audit from openmedspa_system;
grant insert on audit to openmedspa_app;
