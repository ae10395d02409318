-- Every call on both APIs: as it was, for a while, and added up by hour and by day. They say who
-- called, which route and how it went; never the path, the query or a body. Served to operators by the system role.

create table calls (
  id          bigint generated always as identity primary key,
  at          timestamptz not null,
  request_id  text not null,
  method      text not null,
  route       text not null,  -- as in the route table; empty: a path that there is not
  status      int not null,   -- 499: the caller was gone before the answer
  code        text not null,  -- of a refusal
  duration_us int not null,
  practice_id int,
  partner_id  int,
  key_id      int,
  address     text
);
-- Each of these is paid for by every call, so there are few; those on what went wrong cost next to nothing.
create index calls_by_time on calls (at, id);
create index calls_by_partner on calls (partner_id, at, id) where partner_id is not null;
create index calls_by_route on calls (route, at, id);
create index calls_failed on calls (at, id) where status >= 400;
create index calls_broken on calls (at, id) where status >= 500;
create index calls_by_status on calls (status, at, id) where status >= 400;
create index calls_by_code on calls (code, at, id) where code <> '';
create index calls_by_request on calls using hash (request_id);
grant select, insert, delete on calls to openmedspa_system;

-- By hour, by day and route, of each partner (0: nobody) and of everybody (-1): a page adds up hundreds of these, not
-- 100,000s. Days are in UTC.
create table call_hours (
  hour        timestamptz not null,
  partner_id  int not null,
  method      text not null,
  route       text not null,
  calls       bigint not null,
  errors      bigint not null,  -- answered with 400 or more
  duration_us bigint not null,
  slowest_us  int not null,
  primary key (partner_id, hour, method, route)
);
create index call_hours_by_time on call_hours (hour);

create table call_days (
  day         date not null,
  partner_id  int not null,
  method      text not null,
  route       text not null,
  calls       bigint not null,
  errors      bigint not null,
  duration_us bigint not null,
  slowest_us  int not null,
  primary key (partner_id, day, method, route)
);
grant select, insert, update, delete on call_hours, call_days to openmedspa_system;

-- For good, and few enough to be read every few seconds: what /metrics tells.
create table call_totals (
  method      text not null,
  route       text not null,
  status      int not null,
  calls       bigint not null,
  duration_us bigint not null,
  in_5ms      bigint not null,  -- answered within
  in_25ms     bigint not null,
  in_100ms    bigint not null,
  in_500ms    bigint not null,
  in_2500ms   bigint not null,
  slowest_us  int not null default 0,
  primary key (method, route, status)
);
grant select, insert, update on call_totals to openmedspa_system;

-- Calls that were answered and not written down, because too many waited or the process ended.
create table call_gaps (
  at    timestamptz not null,
  calls bigint not null check (calls > 0)
);
grant select, insert on call_gaps to openmedspa_system;
