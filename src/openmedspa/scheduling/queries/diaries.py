"""SQL: all that decides about a provider's time, in one statement, however long the window and however full."""

from collections.abc import Sequence
from datetime import datetime

from openmedspa.kit.db import Reads, Row, Scope

# Under row-level security only plain comparisons use an index, so what is taken is found by where it begins: nothing
# that is taken lasts longer than a day. Spans come as one where what is left between them is too short for the visit, so
# that a year which is full comes as a span a day.
DIARIES = """
select p.practice_id, p.id, p.name, p.title, p.specialty, p.step_minutes, p.notice_minutes, p.window_days,
       l.id as location_id, coalesce(l.time_zone, o.time_zone) as time_zone,
       v.known_types, v.minutes, v.before_minutes, v.after_minutes,
       array(select y.code from visit_types y where y.practice_id = p.practice_id order by y.code) as type_codes, h.hours, d.dates,
       a.off_starts, a.off_ends, t.taken_starts, t.taken_ends
from providers p
join practices o on o.id = p.practice_id
left join locations l on l.practice_id = p.practice_id and l.id = coalesce($3, p.home_location_id)
cross join lateral (
  select count(*) as known_types, max(y.minutes) as minutes,
         coalesce(max(y.before_minutes), 0) as before_minutes, coalesce(max(y.after_minutes), 0) as after_minutes
  from visit_types y where y.practice_id = p.practice_id and ($4::text is null or y.code = $4)) v
cross join lateral (
  select coalesce(json_agg(json_build_array(w.weekday, w.from_minute, w.until_minute, w.is_break)), '[]') as hours
  from provider_hours w
  where w.practice_id = p.practice_id and w.provider_id = p.id and w.location_id = l.id) h
cross join lateral (
  select coalesce(json_agg(json_build_array(x.on_date, x.from_minute, x.until_minute, x.provider_id is not null)),
                  '[]') as dates
  from date_hours x
  where x.practice_id = p.practice_id and x.location_id = l.id and (x.provider_id = p.id or x.provider_id is null)
    and x.on_date >= $5::timestamptz::date - 1 and x.on_date <= $6::timestamptz::date + 1) d
cross join lateral (
  select greatest(make_interval(mins => coalesce($8, v.minutes, 0) + v.before_minutes + v.after_minutes, secs => -1),
                  interval '0') as too_short) g
cross join lateral (
  select coalesce(array_agg(floor(extract(epoch from lower(s)))::bigint), '{}') as off_starts,
         coalesce(array_agg(ceil(extract(epoch from upper(s)))::bigint), '{}') as off_ends
  from unnest((
    select range_agg(tstzrange(f.from_at, f.until_at)) from time_off f
    where f.practice_id = p.practice_id and f.provider_id = p.id and f.until_at > $5 and f.from_at < $6)) s) a
cross join lateral (
  select coalesce(array_agg(floor(extract(epoch from lower(s)))::bigint), '{}') as taken_starts,
         coalesce(array_agg(ceil(extract(epoch from upper(s) - g.too_short))::bigint), '{}') as taken_ends
  from unnest((
    select range_agg(tstzrange(b.from_at, b.until_at + g.too_short)) from taken_times b
    where b.practice_id = p.practice_id and b.provider_id = p.id
      and b.from_at > $5 - interval '1 day' and b.from_at < $6 and (b.lapses_at is null or b.lapses_at > $7))) s) t
"""


async def find_diary(
    db: Reads, scope: Scope, provider_id: int, *, location_id: str | None, visit_type: str | None, since: datetime,
    until: datetime, now: datetime, minutes: int | None,
) -> Row | None:  # fmt: skip
    """An active provider's, at this location or where they are at home, for a visit of so many minutes or the type's.

    `location_id` comes back as None when the practice has none of that name; the minutes are those of the visit type, or
    the largest of the practice's.
    """
    return await db.row(
        f"{DIARIES} where p.practice_id = any($1) and p.id = $2 and p.ended_at is null",
        scope,
        provider_id,
        location_id,
        visit_type,
        since,
        until,
        now,
        minutes,
    )


async def list_licensed_diaries(
    db: Reads,
    scope: Scope,
    state: str,
    *,
    visit_type: str,
    minutes: int,
    since: datetime,
    until: datetime,
    now: datetime,
) -> Sequence[Row]:
    """Those of every active provider with a licence in this state that is good at the window's beginning, where they
    are at home; `expires_on` is the licence's last day."""
    return await db.rows(
        f"""
        select x.*, c.number, c.expires_on from ({DIARIES} where p.practice_id = any($1) and p.ended_at is null) x
        join provider_licences c on c.practice_id = x.practice_id and c.provider_id = x.id
        where c.state = $2 and c.expires_on >= $5::timestamptz::date - 1
        order by x.id
        """,
        scope,
        state,
        None,
        visit_type,
        since,
        until,
        now,
        minutes,
    )


async def list_exam_groups(db: Reads, practice_id: int) -> list[int]:
    """The exam groups that a practice has an agreement with."""
    row = await db.unscoped_row(
        "select array(select exam_group_id from agreements where practice_id = $1 and ended_at is null)", practice_id
    )
    assert row is not None
    groups: list[int] = row[0]
    return groups
