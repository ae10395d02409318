-- Messages are a queue: due, leased, tried, done. A practice says how its messages look, a partner where it is told.

alter table practices
  add column colour text not null default '#0f766e' check (colour ~ '^#[0-9a-f]{6}$'),
  add column reply_to text check (reply_to ~ '^[^@\s]+@[^@\s]+$');

alter table partners
  add column contact_email text check (contact_email ~ '^[^@\s]+@[^@\s]+$'),
  -- Staging's time control: how far this account's clock is ahead of everybody's.
  add column clock_offset interval not null default '0' check (clock_offset >= '0');

alter table messages
  alter column visit_id drop not null,
  -- A message is about a visit, and goes to its patient; or about an endpoint, and goes to its owner (practice 0).
  add column endpoint_id int references endpoints,
  add constraint messages_about_one_thing check (num_nonnulls(visit_id, endpoint_id) = 1),
  drop constraint messages_notice_check,
  add constraint messages_notice_check
    check (notice in ('invited', 'cancelled', 'completed', 'endpoint_switched_off')),
  add column tries int not null default 0,
  add column due_at timestamptz,          -- null: over, one way or another
  add column lease uuid,                  -- who holds it now; a late word under an older lease is refused
  add column leased_until timestamptz,
  add column handed_over_at timestamptz,  -- the carrier was being given it; set with a last look at withdrawn_at
  add column doubted_at timestamptz,      -- given to the carrier, and no word came back: sent once more, and flagged
  add column failed_at timestamptz,       -- refused for good, bounced, or given up
  add column cause text,                  -- of the last try, in words
  add column sender text check (sender in ('smtp', 'sms', 'outbox')),
  add column reference text;              -- the carrier's own id, by which a later bounce names it
update messages set due_at = queued_at where sent_at is null and withdrawn_at is null;
drop index messages_queued;
create index messages_due on messages (due_at) where due_at is not null;
create index messages_by_reference on messages (reference) where reference is not null;
create index messages_by_age on messages (queued_at desc, id desc);

create table message_tries (
  practice_id int not null,
  message_id  bigint not null,
  id          bigint generated always as identity,
  at          timestamptz not null,
  duration_ms int not null,
  outcome     text not null check (outcome in ('sent', 'refused', 'failed', 'doubted')),
  cause       text not null,
  primary key (practice_id, message_id, id),
  foreign key (practice_id, message_id) references messages (practice_id, id)
);
select scope_by_practice('message_tries');

-- Who answered STOP to a text. Of the number, not of a practice: all our texts come from one sender.
create table sms_stops (
  phone      text primary key,
  stopped_at timestamptz not null
);
grant select, insert, delete on sms_stops to openmedspa_system;
