"""SQL: the demo's providers with all that decides about their time, visit types, agreements and bookings, in bulk."""

from datetime import datetime

from openmedspa.kit.db import Reads


async def insert_staff(db: Reads, providers_json: str, *, now: datetime) -> None:
    """Providers under numbers of the caller's, each with licences, weekly hours, dates and time off."""
    await db.unscoped_row(
        """
        with told as materialized (
          select p.*, nextval('providers_id_seq') from json_to_recordset($1::json) as p (
            practice_id int, id bigint, name text, title text, specialty text, npi text, home_location_id text,
            step_minutes int, notice_minutes int, window_days int, licences json, hours json, time_off json)
        ), hired as (
          insert into providers (practice_id, id, name, title, specialty, npi, home_location_id, step_minutes,
                                 notice_minutes, window_days, created_at)
          select practice_id, id, name, title, specialty, npi, home_location_id, step_minutes, notice_minutes,
                 window_days, $2 from told
        ), licensed as (
          insert into provider_licences (practice_id, provider_id, state, number, expires_on)
          select t.practice_id, t.id, x.state, x.number, x.expires_on
          from told t cross join json_to_recordset(t.licences) as x (state text, number text, expires_on date)
        ), working as (
          insert into provider_hours (practice_id, provider_id, location_id, weekday, from_minute, until_minute, is_break)
          select t.practice_id, t.id, x.location_id, x.weekday, x.from_minute, x.until_minute, x.is_break
          from told t cross join json_to_recordset(t.hours) as x (
            location_id text, weekday int, from_minute int, until_minute int, is_break boolean)
        )
        insert into time_off (practice_id, provider_id, from_at, until_at)
        select t.practice_id, t.id, x.from_at, x.until_at
        from told t cross join json_to_recordset(t.time_off) as x (from_at timestamptz, until_at timestamptz)
        """,
        providers_json,
        now,
    )


async def insert_offerings(
    db: Reads, *, visit_types_json: str, dates_json: str, agreements_json: str, now: datetime
) -> None:
    """Visit types, dates with hours of their own, and which exam group examines for whom."""
    await db.unscoped_row(
        """
        with types as (
          insert into visit_types (practice_id, code, name, minutes, before_minutes, after_minutes, treatment_ids)
          select practice_id, code, name, minutes, before_minutes, after_minutes, treatment_ids
          from json_to_recordset($1::json) as v (
            practice_id int, code text, name text, minutes int, before_minutes int, after_minutes int,
            treatment_ids text[])
        ), dates as (
          insert into date_hours (practice_id, location_id, provider_id, on_date, from_minute, until_minute)
          select practice_id, location_id, provider_id, on_date, from_minute, until_minute
          from json_to_recordset($2::json) as d (
            practice_id int, location_id text, provider_id bigint, on_date date, from_minute int, until_minute int)
        )
        insert into agreements (practice_id, exam_group_id, agreed_at)
        select practice_id, exam_group_id, $4 from json_to_recordset($3::json) as a (practice_id int, exam_group_id int)
        """,
        visit_types_json,
        dates_json,
        agreements_json,
        now,
    )


async def list_reserved_booking_ids(db: Reads, count: int) -> list[int]:
    row = await db.unscoped_row(
        "select array(select nextval('bookings_id_seq') from generate_series(1, $1::int))", count
    )
    assert row is not None
    ids: list[int] = row[0]
    return ids


async def insert_bookings(db: Reads, bookings_json: str) -> None:
    """Bookings, each with its steps and, unless it was cancelled, the time that it takes."""
    await db.unscoped_row(
        """
        with told as materialized (
          select * from json_to_recordset($1::json) as b (
            practice_id int, id bigint, provider_id bigint, location_id text, patient_id bigint, type text,
            starts_at timestamptz, minutes int, before_minutes int, after_minutes int, status text,
            treatment_ids text[], notes text, actor text, created_at timestamptz, updated_at timestamptz)
        ), booked as (
          insert into bookings (practice_id, id, provider_id, location_id, patient_id, type, starts_at, minutes, status,
                                treatment_ids, notes, created_at, updated_at)
          select practice_id, id, provider_id, location_id, patient_id, type, starts_at, minutes, status, treatment_ids,
                 notes, created_at, updated_at
          from told
        ), stepped as (
          insert into booking_steps (practice_id, booking_id, status, provider_id, location_id, starts_at, minutes,
                                     type, patient_id, treatment_ids, notes, actor, at)
          select t.practice_id, t.id, s.status, t.provider_id, t.location_id, t.starts_at, t.minutes, t.type,
                 t.patient_id, t.treatment_ids, t.notes, t.actor, s.at
          from told t
          cross join lateral (
            select 'Booked' as status, t.created_at as at
            union all select t.status, t.updated_at where t.status <> 'Booked') s
          order by s.at
        )
        insert into taken_times (practice_id, provider_id, from_at, until_at, booking_id)
        select practice_id, provider_id, starts_at - make_interval(mins => before_minutes),
               starts_at + make_interval(mins => minutes + after_minutes), id
        from told where status <> 'Cancelled'
        """,
        bookings_json,
    )
