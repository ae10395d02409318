-- The platform's catalogue, and which of it a practice likes best.

create table treatments (
  id                    text primary key,
  name                  text not null check (name <> ''),
  class                 text not null,
  aliases               text[] not null default '{}',
  gfe_required_since    timestamptz default now(),
  default_validity_days int not null default 365 check (default_validity_days > 0),
  min_age_years         int not null default 18 check (min_age_years >= 0),
  source                text,
  reviewed_by           text,
  reviewed_on           date,
  position              int generated always as identity
);

create table favourites (
  practice_id  int not null references practices,
  treatment_id text not null references treatments,
  position     int not null,
  primary key (practice_id, treatment_id)
);
select scope_by_practice('favourites');
grant delete on favourites to openmedspa_system;

grant select on treatments, favourites to openmedspa_app;
grant usage on sequence treatments_position_seq to openmedspa_system;
grant select, insert, update, delete on treatments to openmedspa_system;
create trigger changed after insert or update or delete on treatments
  for each statement execute function notify_changed('treatments');
