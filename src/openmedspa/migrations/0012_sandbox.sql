-- Staging's sandbox: an account's clock goes forward, and its data back to how they were when it was set up.
-- Both are functions of the owner that refuse to work in production, whoever calls them.

alter table patients add column added_by text;  -- the partner API's key that brought them; null: an order did
alter table partners add column known_at timestamptz not null default now();  -- what a reset goes back to
grant select (known_at) on partners to openmedspa_app;

create function require_staging() returns void language plpgsql as $$
begin
  if (select environment from installation) <> 'staging' then
    raise exception 'there is no sandbox in production';
  end if;
end $$;

create function advance_clock(account int, by interval) returns interval
language plpgsql security definer set search_path = public, pg_temp as $$
declare ahead interval;
begin
  perform require_staging();
  update partners set clock_offset = clock_offset + by where id = account returning clock_offset into ahead;
  perform pg_notify('openmedspa_work', 'clock');
  return ahead;
end $$;

-- What the account ordered since it was set up is removed, with all that came of it; what was done since then to older
-- visits is undone step by step. Set-up stays: keys, grants, subscriptions, endpoints. So does the audit trail.
create function reset_account(account int, out removed bigint, out restored bigint)
language plpgsql security definer set search_path = public, pg_temp as $$
declare since timestamptz;
begin
  perform require_staging();
  select known_at into strict since from partners where id = account for update;

  create temporary table young on commit drop as
    select practice_id, id, gfe_id, patient_id from visits where partner_id = account and ordered_at > since;
  create temporary table touched on commit drop as
    select v.practice_id, v.id from visits v
    where v.partner_id = account and v.ordered_at <= since and (
      exists (select from visit_steps s where s.practice_id = v.practice_id and s.visit_id = v.id and s.at > since)
      or exists (select from records r where r.practice_id = v.practice_id and r.visit_id = v.id and r.signed_at > since)
      or v.updated_at > since);

  delete from delivery_tries t using deliveries d, events e, visits v
    where t.practice_id = d.practice_id and t.delivery_id = d.id and e.practice_id = d.practice_id and e.id = d.event_id
      and v.practice_id = e.practice_id and v.id = e.visit_id and v.partner_id = account and e.occurred_at > since;
  delete from deliveries d using events e, visits v
    where e.practice_id = d.practice_id and e.id = d.event_id
      and v.practice_id = e.practice_id and v.id = e.visit_id and v.partner_id = account and e.occurred_at > since;
  delete from events e using visits v
    where v.practice_id = e.practice_id and v.id = e.visit_id and v.partner_id = account and e.occurred_at > since;
  delete from message_tries t using messages m, visits v
    where t.practice_id = m.practice_id and t.message_id = m.id
      and v.practice_id = m.practice_id and v.id = m.visit_id and v.partner_id = account and m.queued_at > since;
  delete from messages m using visits v
    where v.practice_id = m.practice_id and v.id = m.visit_id and v.partner_id = account and m.queued_at > since;

  update messages m set withdrawn_at = null, due_at = m.queued_at from visits v
    where v.practice_id = m.practice_id and v.id = m.visit_id and v.partner_id = account and m.withdrawn_at > since;
  delete from visit_sessions s using visits v
    where v.practice_id = s.practice_id and v.id = s.visit_id and v.partner_id = account;
  delete from identity_guesses g using visits v
    where v.practice_id = g.practice_id and v.id = g.visit_id and v.partner_id = account;

  update visits v
    set step = last.step, updated_at = last.at, decides_at = null,
        intake_answered = case when v.intake_answered_at <= since then v.intake_answered end,
        intake_answered_at = case when v.intake_answered_at <= since then v.intake_answered_at end,
        dob = case when v.dob_given_at > since then null else v.dob end,
        dob_given_at = case when v.dob_given_at <= since then v.dob_given_at end,
        scheduled_at = case when exists (
          select from visit_steps s where s.practice_id = v.practice_id and s.visit_id = v.id and s.step = 'scheduled'
            and s.at <= since) then v.scheduled_at end,
        record_version = case when last.step = 'signed' then
          (select max(version) from records r
           where r.practice_id = v.practice_id and r.visit_id = v.id and r.signed_at <= since) end
    from touched t cross join lateral (
      select s.step, s.at from visit_steps s
      where s.practice_id = t.practice_id and s.visit_id = t.id and s.at <= since order by s.at desc, s.id desc limit 1
    ) last
    where v.practice_id = t.practice_id and v.id = t.id;
  get diagnostics restored = row_count;

  delete from visit_steps s using visits v
    where v.practice_id = s.practice_id and v.id = s.visit_id and v.partner_id = account and s.at > since;
  delete from records r using visits v
    where v.practice_id = r.practice_id and v.id = r.visit_id and v.partner_id = account and r.signed_at > since;
  delete from visit_directory d using young y where d.gfe_id = y.gfe_id;
  delete from visits v using young y where v.practice_id = y.practice_id and v.id = y.id;
  get diagnostics removed = row_count;

  -- Patients whom only these orders brought: without a visit left, and born after the set-up.
  create temporary table strangers on commit drop as
    select p.practice_id, p.id from patients p
    where exists (select from young y where y.practice_id = p.practice_id and y.patient_id = p.id)
      and p.created_at > since and p.added_by is null
      and not exists (select from visits v where v.practice_id = p.practice_id and v.patient_id = p.id);
  delete from match_keys k using strangers s where k.practice_id = s.practice_id and k.patient_id = s.id;
  delete from patients p using strangers s where p.practice_id = s.practice_id and p.id = s.id;

  delete from idempotency_keys where partner_id = account and answer is not null;  -- not the one of this very call
  update endpoints
    set fail_next = 0, delay_seconds = 0, duplicate_next = 0, failing_since = null,
        switched_off_because = case when switched_off_at <= since then switched_off_because end,
        switched_off_at = case when switched_off_at <= since then switched_off_at end
    where partner_id = account;
  -- What was put off on a clock that was ahead would now wait for days.
  update deliveries d set due_at = least(d.due_at, now()) from endpoints e
    where e.id = d.endpoint_id and e.partner_id = account and d.due_at is not null;
  update messages m set due_at = least(m.due_at, now()) from visits v
    where v.practice_id = m.practice_id and v.id = m.visit_id and v.partner_id = account and m.due_at is not null;
  update partners set clock_offset = '0' where id = account;
  drop table young, touched, strangers;
end $$;

revoke execute on function advance_clock(int, interval), reset_account(int) from public;
grant execute on function advance_clock(int, interval), reset_account(int) to openmedspa_app;
