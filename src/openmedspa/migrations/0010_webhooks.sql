-- Webhooks in full: several endpoints per partner, why one is off, what each try brought, poison, chaos, an end of the log.

-- The release before knew one endpoint per partner by this constraint; it was never released.
alter table endpoints
  drop constraint endpoints_one_per_partner,
  add column name text not null default 'api' check (name ~ '^[a-z0-9][a-z0-9_-]{0,39}$'),
  add column deleted_at timestamptz,       -- removed: nothing is sent there any more, what was sent stays readable
  add column switched_off_because text,
  -- Staging's chaos: the next tries that fail, how late new deliveries become due, the next that come twice.
  add column fail_next int not null default 0 check (fail_next between 0 and 100),
  add column delay_seconds int not null default 0 check (delay_seconds between 0 and 86400),
  add column duplicate_next int not null default 0 check (duplicate_next between 0 and 100);
create unique index endpoints_by_name on endpoints (partner_id, name) where deleted_at is null;

-- How often in a row its lease ran out: a worker died, or froze, while it held it.
alter table deliveries add column lost int not null default 0;
create index deliveries_suspect on deliveries (due_at) where due_at is not null and lost >= 2;
create index deliveries_by_endpoint on deliveries (endpoint_id, created_at desc, id desc);
create unique index events_by_id on events (id);
create index events_by_age on events (occurred_at);

alter table delivery_tries
  add column url text,
  add column answer text check (length(answer) <= 1000);

-- A partner replays and reads its own by the API.
grant update (due_at, tries, lost, lease, leased_until, delivered_at, failed_at) on deliveries to openmedspa_app;
grant select on delivery_tries to openmedspa_app;
-- After 30 days what is over is forgotten.
grant delete on deliveries, delivery_tries, events to openmedspa_system;
