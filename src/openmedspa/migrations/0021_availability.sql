-- Who is where and when, and who has taken which of their time.
--
-- Times of the day are minutes after midnight of the location's wall clock (540: 09:00, 1440: the day's end); what
-- happens is a moment. `taken_times` alone says that time is gone: its exclusion constraint has the last word, whatever
-- the code looked at before (docs/decisions/0017-one-answer-on-availability.md).

create extension if not exists btree_gist;

-- A practice's zone serves its locations, unless one lies in another.
alter table locations add column time_zone text;

-- An exam group examines for practices: telehealth providers are its own, and practices have an agreement with it.
create table agreements (
  practice_id   int not null references practices,
  exam_group_id int not null references practices,
  agreed_at     timestamptz not null default now(),
  ended_at      timestamptz,
  primary key (practice_id, exam_group_id),
  check (practice_id <> exam_group_id)
);
grant select on agreements to openmedspa_app;
grant select, insert, update on agreements to openmedspa_system;

alter table providers
  add column npi text check (npi ~ '^[0-9]{10}$'),
  add column home_location_id text,  -- where they are booked unless another location is named
  add column step_minutes   int not null default 15  check (step_minutes between 5 and 240),
  add column notice_minutes int not null default 0   check (notice_minutes between 0 and 43200),
  add column window_days    int not null default 730 check (window_days between 1 and 730),
  add column reference text,  -- how a file names them
  add constraint providers_home foreign key (practice_id, home_location_id) references locations (practice_id, id),
  add constraint providers_reference_key unique (practice_id, reference);

create table provider_licences (
  practice_id int not null,
  provider_id bigint not null,
  state       text not null check (state ~ '^[A-Z]{2}$'),
  number      text not null check (number <> ''),
  expires_on  date not null,  -- the last day on which it is good
  primary key (practice_id, provider_id, state),
  foreign key (practice_id, provider_id) references providers (practice_id, id)
);
create index provider_licences_by_state on provider_licences (practice_id, state, expires_on);
select scope_by_practice('provider_licences');
grant select on provider_licences to openmedspa_app;
grant delete on provider_licences to openmedspa_system;

-- Every week: several rows a day are several intervals; a break is time within them.
create table provider_hours (
  practice_id  int not null,
  provider_id  bigint not null,
  location_id  text not null,
  weekday      int not null check (weekday between 1 and 7),  -- 1: Monday
  from_minute  int not null check (from_minute >= 0),
  until_minute int not null check (until_minute <= 1440),
  is_break     boolean not null default false,
  primary key (practice_id, provider_id, location_id, weekday, is_break, from_minute),
  foreign key (practice_id, provider_id) references providers (practice_id, id),
  foreign key (practice_id, location_id) references locations (practice_id, id),
  check (from_minute < until_minute)
);
select scope_by_practice('provider_hours');
grant select on provider_hours to openmedspa_app;
grant delete on provider_hours to openmedspa_system;

-- On a date, instead of the week's: a row for each interval, or one without minutes when it is closed. Without a
-- provider it is when the location is open: that narrows the hours of all there who have none of their own on that date.
create table date_hours (
  practice_id  int not null,
  id           bigint generated always as identity,
  location_id  text not null,
  provider_id  bigint,
  on_date      date not null,
  from_minute  int check (from_minute >= 0),
  until_minute int check (until_minute <= 1440),
  primary key (practice_id, id),
  foreign key (practice_id, provider_id) references providers (practice_id, id),
  foreign key (practice_id, location_id) references locations (practice_id, id),
  check ((from_minute is null) = (until_minute is null) and (from_minute < until_minute or from_minute is null)),
  constraint date_hours_key unique nulls not distinct (practice_id, location_id, on_date, provider_id, from_minute)
);
select scope_by_practice('date_hours');
grant select on date_hours to openmedspa_app;
grant delete on date_hours to openmedspa_system;

-- Holidays, training, and what another calendar says is busy; for all locations. Nothing of what it was is kept.
create table time_off (
  practice_id int not null,
  id          bigint generated always as identity,
  provider_id bigint not null,
  from_at     timestamptz not null,
  until_at    timestamptz not null,
  source_key  text,  -- by which the same import finds it again
  primary key (practice_id, id),
  foreign key (practice_id, provider_id) references providers (practice_id, id),
  constraint time_off_source_key unique (practice_id, provider_id, source_key),
  check (from_at < until_at)
);
create index time_off_by_end on time_off (practice_id, provider_id, until_at);
select scope_by_practice('time_off');
grant select on time_off to openmedspa_app;
grant delete on time_off to openmedspa_system;

-- What somebody comes for: how long it takes unless said otherwise, and the time kept free around it.
create table visit_types (
  practice_id    int not null references practices,
  code           text not null check (code ~ '^[A-Z][A-Z0-9_-]{0,31}$'),
  name           text not null check (name <> ''),
  minutes        int not null check (minutes between 5 and 480),
  before_minutes int not null default 0 check (before_minutes between 0 and 240),
  after_minutes  int not null default 0 check (after_minutes between 0 and 240),
  treatment_ids  text[] not null default '{}',
  primary key (practice_id, code)
);
select scope_by_practice('visit_types');
grant select on visit_types to openmedspa_app;

-- An entry in a provider's schedule: somebody of the practice, the exam of another practice's visit, or neither when it
-- came from a file that does not say.
create table bookings (
  practice_id      int not null,
  id               bigint generated by default as identity,
  provider_id      bigint not null,
  location_id      text not null,
  patient_id       bigint,
  exam_practice_id int,
  exam_visit_id    bigint,
  type             text not null,
  starts_at        timestamptz not null,
  minutes          int not null check (minutes between 5 and 480),
  status           text not null default 'Booked' check (status in ('Booked', 'Cancelled', 'Completed', 'NoShow')),
  treatment_ids    text[] not null default '{}',
  notes            text not null default '',
  reference        text,  -- by which an import finds it again
  created_at       timestamptz not null,
  updated_at       timestamptz not null,
  primary key (practice_id, id),
  constraint bookings_id_key unique (id),
  constraint bookings_reference_key unique (practice_id, reference),
  foreign key (practice_id, provider_id) references providers (practice_id, id),
  foreign key (practice_id, location_id) references locations (practice_id, id),
  foreign key (practice_id, patient_id) references patients (practice_id, id) on delete set null (patient_id),
  foreign key (exam_practice_id, exam_visit_id) references visits (practice_id, id),
  foreign key (practice_id, type) references visit_types (practice_id, code),
  check ((exam_practice_id is null) = (exam_visit_id is null)),
  check (patient_id is null or exam_visit_id is null)
);
create index bookings_by_start on bookings (practice_id, provider_id, starts_at) where status <> 'Cancelled';
create index bookings_by_patient on bookings (practice_id, patient_id);
create index bookings_by_exam on bookings (exam_practice_id, exam_visit_id) where exam_visit_id is not null;
select scope_by_practice('bookings');
grant select, insert, update on bookings to openmedspa_app;
grant usage on sequence bookings_id_seq to openmedspa_app, openmedspa_system;

-- Each state of a booking since it was made: who brought it there, and when. Null: whoever wrote the step did not say.
create table booking_steps (
  practice_id int not null,
  booking_id  bigint not null,
  id          bigint generated always as identity,
  status      text not null,
  provider_id bigint not null,
  location_id text not null,
  starts_at   timestamptz not null,
  minutes     int not null,
  type          text,
  patient_id    bigint,
  treatment_ids text[],
  notes         text,
  actor       text not null,
  at          timestamptz not null,
  primary key (practice_id, booking_id, id),
  foreign key (practice_id, booking_id) references bookings (practice_id, id)
);
select scope_by_practice('booking_steps');
grant select, insert on booking_steps to openmedspa_app;
revoke update on booking_steps from openmedspa_system;

-- A time kept for whoever asked for it, until it lapses.
create table holds (
  practice_id int not null,
  id          bigint generated by default as identity,
  provider_id bigint not null,
  location_id text not null,
  starts_at   timestamptz not null,
  minutes     int not null check (minutes between 5 and 480),
  partner_id  int references partners,
  actor       text not null,
  held_at     timestamptz not null,
  lapses_at   timestamptz not null,
  released_at timestamptz,
  primary key (practice_id, id),
  constraint holds_id_key unique (id),
  foreign key (practice_id, provider_id) references providers (practice_id, id),
  foreign key (practice_id, location_id) references locations (practice_id, id)
);
create index holds_by_lapse on holds (lapses_at);
select scope_by_practice('holds');
grant select, insert, update on holds to openmedspa_app;
grant delete on holds to openmedspa_system;
grant usage on sequence holds_id_seq to openmedspa_app, openmedspa_system;

-- Whose time is gone from when until when, the time around a visit included. A hold that lapsed blocks nothing: readers
-- pass it over, whoever takes time there removes it first, and the worker sweeps.
create table taken_times (
  practice_id int not null,
  provider_id bigint not null,
  from_at     timestamptz not null,
  until_at    timestamptz not null,
  booking_id  bigint,
  hold_id     bigint,
  lapses_at   timestamptz,  -- of a hold
  foreign key (practice_id, booking_id) references bookings (practice_id, id),
  foreign key (practice_id, hold_id) references holds (practice_id, id) on delete cascade,
  constraint taken_times_booking_key unique (practice_id, booking_id),
  constraint taken_times_hold_key unique (practice_id, hold_id),
  check (num_nonnulls(booking_id, hold_id) = 1 and (hold_id is null) = (lapses_at is null)),
  -- Readers look for what began up to a day before their window.
  check (from_at < until_at and until_at - from_at <= interval '1 day'),
  constraint taken_times_one_owner exclude using gist (practice_id with =, provider_id with =, tstzrange(from_at, until_at) with &&)
);
create index taken_times_by_start on taken_times (practice_id, provider_id, from_at) include (until_at, lapses_at);
create index taken_times_by_lapse on taken_times (lapses_at) where lapses_at is not null;
select scope_by_practice('taken_times');
grant select, insert, update, delete on taken_times to openmedspa_app;
grant delete on taken_times to openmedspa_system;

-- A staging account's reset takes back what it booked and held as well.
alter function reset_account(int) rename to reset_exams;
create function reset_account(account int, out removed bigint, out restored bigint)
language plpgsql security definer set search_path = public, pg_temp as $$
declare since timestamptz;
begin
  perform require_staging();
  select known_at into strict since from partners where id = account for update;
  delete from holds where partner_id = account;
  create temporary table own on commit drop as
    select s.practice_id, s.booking_id from booking_steps s
    where s.at > since and s.actor in (select 'key:' || k.id from api_keys k where k.partner_id = account)
      and s.id = (select min(f.id) from booking_steps f
                  where f.practice_id = s.practice_id and f.booking_id = s.booking_id)
    union
    select b.practice_id, b.id from bookings b
    join visits v on v.practice_id = b.exam_practice_id and v.id = b.exam_visit_id
    where v.partner_id = account and v.ordered_at > since;
  delete from taken_times t using own o where t.practice_id = o.practice_id and t.booking_id = o.booking_id;
  delete from booking_steps s using own o where s.practice_id = o.practice_id and s.booking_id = o.booking_id;
  delete from bookings b using own o where b.practice_id = o.practice_id and b.id = o.booking_id;
  drop table own;
  select r.removed, r.restored into removed, restored from reset_exams(account) r;
end $$;
revoke execute on function reset_account(int), reset_exams(int) from public, openmedspa_app;
grant execute on function reset_account(int) to openmedspa_app;
