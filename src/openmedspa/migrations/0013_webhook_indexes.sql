-- A replay finds its events, a body stays the same at every try, and a record's removal looks at its own events only.

create index events_by_record on events (practice_id, visit_id, record_version);
create index events_by_moment on events (practice_id, occurred_at, id);

-- The date of birth as it was known when the event happened: a patient may give it for the first time after that.
alter table events add column dob date;
update events e set dob = v.dob from visits v where v.practice_id = e.practice_id and v.id = e.visit_id;
