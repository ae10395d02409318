"""SQL: what partners find in the demo, in bulk. Numbers are given by the caller, and the sequences are moved past them."""

from datetime import datetime

from openmedspa.kit.db import Reads


async def list_reserved_patient_ids(db: Reads, count: int) -> list[int]:
    row = await db.unscoped_row(
        "select array(select nextval('patients_id_seq') from generate_series(1, $1::int))", count
    )
    assert row is not None
    ids: list[int] = row[0]
    return ids


async def insert_tags(db: Reads, tags_json: str, *, now: datetime) -> None:
    await db.unscoped_row(
        """
        with told as materialized (
          select t.*, nextval('tags_id_seq') from json_to_recordset($1::json) as t (
            practice_id int, id bigint, name text)
        )
        insert into tags (practice_id, id, name, created_at) select practice_id, id, name, $2 from told
        """,
        tags_json,
        now,
    )


async def insert_prospects(db: Reads, prospects_json: str, match_keys_json: str) -> None:
    """People with their tags, and the keys by which an order finds them."""
    await db.unscoped_row(
        """
        with told as materialized (
          select * from json_to_recordset($1::json) as p (
            practice_id int, id bigint, first_name text, last_name text, email text, phone text, cell_phone text,
            sms_phone text, dob date, middle_initial text, nick_name text, gender text, life_stage text, pronouns text,
            primary_language text, kind text, address text, unit text, city text, state text, zip text, country text,
            provider_id bigint, notes text, tag_ids bigint[], added_by text, created_at timestamptz,
            updated_at timestamptz)
        ), born as (
          insert into patients (practice_id, id, first_name, last_name, email, phone, cell_phone, sms_phone, dob,
                                middle_initial, nick_name, gender, life_stage, pronouns, primary_language, kind,
                                address, unit, city, state, zip, country, provider_id, notes, added_by, created_at,
                                updated_at, prospect_since)
          select practice_id, id, first_name, last_name, email, phone, cell_phone, sms_phone, dob,
                 middle_initial, nick_name, gender, life_stage, pronouns, primary_language, kind,
                 address, unit, city, state, zip, country, provider_id, notes, added_by, created_at,
                 updated_at, created_at
          from told
        ), tagged as (
          insert into patient_tags (practice_id, patient_id, tag_id, tagged_at)
          select practice_id, id, tag_id, created_at from told cross join unnest(tag_ids) as tag_id
        )
        insert into match_keys (practice_id, key, patient_id, doubles)
        select practice_id, key, patient_id, doubles from json_to_recordset($2::json) as k (
          practice_id int, key bytea, patient_id bigint, doubles int)
        """,
        prospects_json,
        match_keys_json,
    )


async def insert_products(db: Reads, products_json: str, *, partner_id: int, now: datetime) -> None:
    await db.unscoped_row(
        """
        insert into products (partner_id, vendor_code, product_code, name, retail_price, created_at, updated_at)
        select $2, vendor_code, product_code, name, retail_price, $3, $3 from json_to_recordset($1::json) as p (
          vendor_code text, product_code text, name text, retail_price numeric)
        """,
        products_json,
        partner_id,
        now,
    )


async def insert_articles(db: Reads, articles_json: str) -> None:
    await db.unscoped_row(
        """
        with told as materialized (
          select a.*, nextval('articles_id_seq') from json_to_recordset($1::json) as a (
            id bigint, title text, article text, category text, type text, tags text, retired_at timestamptz,
            written_by text, created_at timestamptz)
        )
        insert into articles (id, title, article, category, type, tags, retired_at, written_by, created_at, updated_at)
        select id, title, article, category, type, tags, retired_at, written_by, created_at, created_at from told
        """,
        articles_json,
    )


async def insert_tickets(db: Reads, tickets_json: str) -> None:
    """Tickets, each with its comments and the steps of its status."""
    await db.unscoped_row(
        """
        with told as materialized (
          select t.*, nextval('tickets_id_seq') from json_to_recordset($1::json) as t (
            practice_id int, id bigint, actor text, subject text, body text, status text, priority text, steps json,
            comments json, created_at timestamptz, updated_at timestamptz)
        ), opened as (
          insert into tickets (practice_id, id, subject, body, status, priority, created_at, updated_at)
          select practice_id, id, subject, body, status, priority, created_at, updated_at from told
        ), stepped as (
          insert into ticket_steps (practice_id, ticket_id, status, actor, at)
          select t.practice_id, t.id, s.status, t.actor, s.at
          from told t cross join json_to_recordset(t.steps) as s (status text, at timestamptz)
          order by s.at
        )
        insert into ticket_comments (practice_id, ticket_id, comment, author, actor, created_at)
        select t.practice_id, t.id, c.comment, c.author, t.actor, c.at
        from told t cross join json_to_recordset(t.comments) as c (comment text, author text, at timestamptz)
        order by c.at
        """,
        tickets_json,
    )
