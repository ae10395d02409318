-- Operators page through deliveries and messages of all: what went wrong, or waits, is found however rare it is.

create index deliveries_waiting on deliveries (endpoint_id, created_at desc, id desc) where due_at is not null;
create index deliveries_failed on deliveries (endpoint_id, created_at desc, id desc) where failed_at is not null;
create index messages_troubled on messages (queued_at desc, id desc)
  where failed_at is not null or (due_at is null and sent_at is null and withdrawn_at is null);
