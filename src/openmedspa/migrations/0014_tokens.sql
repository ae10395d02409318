-- What the partner API needs of partners: keys that sign tokens, a limit for each API key, the partner's own profile.

-- Tokens are signed with the newest; an older one verifies until the last token it signed has expired.
create table token_keys (
  kid           text primary key check (kid ~ '^[a-z0-9]{16}$'),
  secret_sealed bytea not null,
  created_at    timestamptz not null default now(),
  retired_at    timestamptz
);
grant select on token_keys to openmedspa_app;
grant select, insert, update, delete on token_keys to openmedspa_system;
create trigger changed after insert or update or delete on token_keys
  for each statement execute function notify_changed('token_keys');
-- By its name after the other: what is kept of a token goes once its key is known to have gone.
create trigger changed_grants after insert or update or delete on token_keys
  for each statement execute function notify_changed('api_keys');

-- Calls a second and at once; 0 a second: no limit.
alter table api_keys
  add column per_second int not null default 100 check (per_second between 0 and 1000000),
  add column burst      int not null default 500 check (burst between 1 and 1000000);
drop trigger changed on api_keys;
create trigger changed
  after insert or delete or update of scopes, location_ids, expires_at, revoked_at, partner_id, per_second, burst
  on api_keys for each statement execute function notify_changed('api_keys');

alter table partners
  add column contact_name text,
  add column phone        text,
  add column website      text;
grant update (name, contact_name, contact_email, phone, website) on partners to openmedspa_app;
