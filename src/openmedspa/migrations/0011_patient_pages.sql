-- The patient's page: who opened it, what was guessed, when its answers were saved.

alter table visits
  add column intake_answered_at timestamptz,
  add column dob_given_at timestamptz;  -- by the patient, at the first opening; null when the order or the record had it

-- How often a date of birth was given that is not the patient's, for each link that a visit had.
create table identity_guesses (
  practice_id  int not null,
  visit_id     bigint not null,
  generation   int not null,
  wrong_in_row int not null check (wrong_in_row >= 0),
  wrong_in_all int not null check (wrong_in_all >= 0),
  paused_until timestamptz,
  primary key (practice_id, visit_id, generation),
  foreign key (practice_id, visit_id) references visits (practice_id, id) on delete cascade
);
select scope_by_practice('identity_guesses');
grant select, insert, update on identity_guesses to openmedspa_app;

-- A browser in which the patient has confirmed who they are; the cookie's value is kept as its SHA-256.
create table visit_sessions (
  practice_id int not null,
  id_sha256   bytea not null check (length(id_sha256) = 32),
  visit_id    bigint not null,
  generation  int not null,
  created_at  timestamptz not null,
  expires_at  timestamptz not null,
  primary key (practice_id, id_sha256),
  foreign key (practice_id, visit_id) references visits (practice_id, id) on delete cascade
);
create index visit_sessions_by_end on visit_sessions (expires_at);
create index visit_sessions_by_visit on visit_sessions (practice_id, visit_id);
select scope_by_practice('visit_sessions');
grant select, insert on visit_sessions to openmedspa_app;
grant delete on visit_sessions to openmedspa_system;
