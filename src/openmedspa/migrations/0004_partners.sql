-- Companies whose software talks to us, their keys, and the locations granted to them.

create table partners (
  id         int generated always as identity primary key,
  name       text not null check (name <> ''),
  created_at timestamptz not null default now(),
  revoked_at timestamptz
);
create unique index partners_name_key on partners (lower(name));

-- A key is kept as its SHA-256; prefix and last four characters are what people recognise it by.
create table api_keys (
  id           int generated always as identity primary key,
  partner_id   int not null references partners,
  name         text not null check (name <> ''),
  key_sha256   bytea not null unique check (length(key_sha256) = 32),
  prefix       text not null,
  last_four    text not null,
  scopes       text[] not null check (cardinality(scopes) > 0),
  location_ids text[],  -- null: every location granted to the partner
  created_at   timestamptz not null default now(),
  expires_at   timestamptz,
  revoked_at   timestamptz,
  last_used_at timestamptz
);
create index api_keys_partner on api_keys (partner_id);

create table grants (
  partner_id  int not null references partners,
  practice_id int not null,
  location_id text not null,
  created_at  timestamptz not null default now(),
  primary key (partner_id, location_id),
  foreign key (practice_id, location_id) references locations (practice_id, id)
);

grant select on partners, api_keys, grants to openmedspa_app;
grant select, insert, update, delete on partners, api_keys, grants to openmedspa_system;

-- Not on last_used_at: that changes all the time and decides nothing.
create trigger changed after insert or delete or update of scopes, location_ids, expires_at, revoked_at, partner_id
  on api_keys for each statement execute function notify_changed('api_keys');
create trigger changed after insert or update or delete on partners
  for each statement execute function notify_changed('api_keys');
create trigger changed after insert or update or delete on grants
  for each statement execute function notify_changed('api_keys');
