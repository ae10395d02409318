-- Who opens the operators' and the partners' pages, and who asked to become a partner.

create table operators (
  id                int generated always as identity primary key,
  email             text not null check (email ~ '^[^@\s]+@[^@\s]+$'),
  name              text not null check (name <> ''),
  role              text not null check (role in ('admin', 'viewer')),
  password_argon2   text not null,
  totp_sealed       bytea not null,
  totp_step         bigint not null default 0,  -- of the last code that was good: none is good twice
  created_at        timestamptz not null default now(),
  disabled_at       timestamptz,
  last_signed_in_at timestamptz
);
create unique index operators_email_key on operators (lower(email));

-- A browser in which somebody signed in; the cookie's value is kept as its SHA-256.
create table page_sessions (
  id_sha256    bytea primary key check (length(id_sha256) = 32),
  operator_id  int references operators,
  key_id       int references api_keys,  -- a partner, by this key
  secret_mark  text,                     -- the admin secret, as it was: another one ends the session
  created_at   timestamptz not null,
  idle_at      timestamptz not null,     -- over then, unless a page is opened before
  ends_at      timestamptz not null,
  address      text,
  check (num_nonnulls(operator_id, key_id, secret_mark) = 1)
);
create index page_sessions_by_end on page_sessions (ends_at);
create index page_sessions_by_operator on page_sessions (operator_id) where operator_id is not null;
create index page_sessions_by_key on page_sessions (key_id) where key_id is not null;

alter table installation add column admin_secret_off_at timestamptz;

-- Who answers for a practice: asked before a new partner reaches its patients.
alter table practices
  add column owner_name text,
  add column owner_email text check (owner_email ~ '^[^@\s]+@[^@\s]+$');

-- A key that takes over from another one, which ends some time later.
alter table api_keys add column replaces int references api_keys;
create unique index api_keys_replaces_key on api_keys (replaces);  -- none is replaced twice

-- A form that makes a key counts once, as a partner's own request does.
grant insert, update on idempotency_keys to openmedspa_system;

-- Asked for by anybody; decided by an operator and, where patients are concerned, by the practice's owner. Links are
-- derived from the secret key and stand nowhere.
create table access_requests (
  id              bigint generated always as identity primary key,
  created_at      timestamptz not null,
  company         text not null check (company <> ''),
  practice        text not null check (practice <> ''),  -- as it was typed: perhaps there is none
  contact         text not null check (contact <> ''),
  email           text not null check (email ~ '^[^@\s]+@[^@\s]+$'),
  scopes          text[] not null check (cardinality(scopes) > 0),
  purpose         text not null,
  address         text,
  confirmed_at    timestamptz,  -- by the link that went to the address
  practice_id     int references practices,  -- which one an operator takes it for
  location_ids    text[],
  granted_scopes  text[],
  other_scopes    text[] not null default '{}',  -- what keys that the partner has already will reach there besides
  approved_at     timestamptz,
  approved_by     text,
  owner_email     text,         -- null: nobody but the operator needs to agree
  owner_agreed_at timestamptz,
  denied_at       timestamptz,
  denied_by       text,
  reason          text,
  key_expires_at  timestamptz,
  partner_id      int references partners,
  partner_name    text,                     -- of a new one, made with the key
  key_id          int references api_keys,  -- made when its page is opened, and shown there once
  key_shown_at    timestamptz,
  check (denied_at is null or reason <> ''),
  check (approved_at is null or practice_id is not null),
  check (owner_agreed_at is null or owner_email is not null)
);
create index access_requests_by_time on access_requests (created_at desc, id desc);
create index access_requests_by_email on access_requests (lower(email), created_at);
grant select, insert, update, delete on operators, page_sessions, access_requests to openmedspa_system;

alter table messages
  add column access_request_id bigint references access_requests,
  drop constraint messages_about_one_thing,
  add constraint messages_about_one_thing check (num_nonnulls(visit_id, endpoint_id, access_request_id) = 1),
  drop constraint messages_notice_check,
  add constraint messages_notice_check check (notice in (
    'invited', 'cancelled', 'completed', 'endpoint_switched_off', 'access_confirm', 'access_asked', 'access_owner',
    'access_answered', 'access_approved', 'access_denied', 'access_opened'));
create index messages_by_access_request on messages (access_request_id) where access_request_id is not null;
-- What nobody confirmed is forgotten, and so is the message that asked to.
grant delete on messages, message_tries to openmedspa_system;
