-- What leaves the house: messages to patients, webhooks to partners. The rows people look at are the queue.

create table messages (
  practice_id  int not null,
  id           bigint generated always as identity,
  visit_id     bigint not null,
  channel      text not null check (channel in ('email', 'sms')),
  notice       text not null check (notice in ('invited', 'cancelled', 'completed')),
  address      text not null,
  queued_at    timestamptz not null default now(),
  withdrawn_at timestamptz,
  sent_at      timestamptz,
  primary key (practice_id, id),
  foreign key (practice_id, visit_id) references visits (practice_id, id)
);
create index messages_queued on messages (queued_at) where sent_at is null and withdrawn_at is null;
create index messages_by_visit on messages (practice_id, visit_id);
select scope_by_practice('messages');
grant select, insert, update on messages to openmedspa_app;

create table endpoints (
  id                    int generated always as identity primary key,
  partner_id            int not null references partners,
  url                   text not null check (length(url) <= 2048),
  header_secret_sealed  bytea,
  signing_secret_sealed bytea not null,
  -- The raw API key that registered the URL: X-Signature is keyed with it for as long as the key lives.
  api_key_id            int references api_keys,
  api_key_sealed        bytea,
  created_at            timestamptz not null default now(),
  updated_at            timestamptz not null default now(),
  switched_off_at       timestamptz,
  failing_since         timestamptz,  -- null: its last try was answered well, or there was none
  constraint endpoints_one_per_partner unique (partner_id)
);
grant select, insert, update on endpoints to openmedspa_app;
grant select, insert, update, delete on endpoints to openmedspa_system;

create table subscriptions (
  partner_id  int not null references partners,
  practice_id int not null,
  location_id text not null,
  created_at  timestamptz not null default now(),
  primary key (partner_id, location_id),
  foreign key (practice_id, location_id) references locations (practice_id, id)
);
create index subscriptions_by_location on subscriptions (location_id);
grant select, insert, update on subscriptions to openmedspa_app;
grant select, insert, update, delete on subscriptions to openmedspa_system;

-- An event names a version of a record; its body is built from that version at each try, so every try is the same.
create table events (
  practice_id    int not null,
  id             text not null check (id ~ '^evt_[a-z0-9]{32}$'),
  kind           text not null check (kind in ('visit.completed')),
  visit_id       bigint not null,
  record_version int not null,
  occurred_at    timestamptz not null,
  primary key (practice_id, id),
  foreign key (practice_id, visit_id, record_version) references records (practice_id, visit_id, version)
);
select scope_by_practice('events');
grant select, insert on events to openmedspa_app;

create table deliveries (
  practice_id  int not null,
  id           bigint generated always as identity,
  event_id     text not null,
  endpoint_id  int not null references endpoints,
  tries        int not null default 0,
  due_at       timestamptz,  -- null: delivered or given up
  lease        uuid,         -- who holds it now; a late answer under an older lease is refused
  leased_until timestamptz,
  delivered_at timestamptz,
  failed_at    timestamptz,
  created_at   timestamptz not null default now(),
  primary key (practice_id, id),
  constraint deliveries_once_per_endpoint unique (practice_id, event_id, endpoint_id),
  foreign key (practice_id, event_id) references events (practice_id, id)
) with (fillfactor = 80);
create index deliveries_due on deliveries (endpoint_id, due_at) where due_at is not null;
select scope_by_practice('deliveries');
grant select, insert on deliveries to openmedspa_app;

create table delivery_tries (
  practice_id     int not null,
  delivery_id     bigint not null,
  id              bigint generated always as identity,
  at              timestamptz not null,
  duration_ms     int not null,
  status          int,  -- null: no HTTP answer came
  cause           text not null,
  primary key (practice_id, delivery_id, id),
  foreign key (practice_id, delivery_id) references deliveries (practice_id, id)
);
select scope_by_practice('delivery_tries');
