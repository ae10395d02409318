-- Tenants and their places.

create table practices (
  id         int generated always as identity primary key,
  ppass      text not null check (ppass ~ '^[A-Za-z][A-Za-z0-9]{2,31}$'),
  name       text not null check (name <> ''),
  kind       text not null default 'practice' check (kind in ('practice', 'exam_group')),
  time_zone  text not null default 'America/Los_Angeles',
  created_at timestamptz not null default now()
);
create unique index practices_ppass_key on practices (lower(ppass));

create table locations (
  practice_id int not null references practices,
  id          text not null check (id ~ '^loc_[A-Za-z0-9]{1,64}$'),
  name        text not null check (name <> ''),
  state       text check (state ~ '^[A-Z]{2}$'),
  created_at  timestamptz not null default now(),
  primary key (practice_id, id),
  constraint locations_id_key unique (id)
);

grant select on practices, locations to openmedspa_app;
grant select, insert, update, delete on practices, locations to openmedspa_system;
