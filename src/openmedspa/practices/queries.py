"""All SQL on practices and their locations. These tables have no row-level security: they say who the tenants are."""

from datetime import datetime

from openmedspa.kit.db import Reads, Row


async def insert_practice(db: Reads, *, ppass: str, name: str, time_zone: str, kind: str = "practice") -> Row:
    row = await db.unscoped_row(
        """
        insert into practices (ppass, name, time_zone, kind) values ($1, $2, $3, $4)
        returning id, ppass, name, time_zone, kind
        """,
        ppass,
        name,
        time_zone,
        kind,
    )
    assert row is not None
    return row


async def find_practice(db: Reads, ppass: str) -> Row | None:
    """By its PPass, which is unique without regard to case."""
    return await db.unscoped_row(
        """
        select id, ppass, name, kind, time_zone, colour, reply_to, owner_name, owner_email
        from practices where lower(ppass) = lower($1)
        """,
        ppass,
    )


async def update_practice(db: Reads, practice_id: int, *, name: str, colour: str, reply_to: str | None) -> None:
    await db.unscoped_row(
        "update practices set name = $2, colour = $3, reply_to = $4 where id = $1", practice_id, name, colour, reply_to
    )


async def update_owner(db: Reads, practice_id: int, *, name: str | None, email: str | None) -> None:
    await db.unscoped_row(
        "update practices set owner_name = $2, owner_email = $3 where id = $1", practice_id, name, email
    )


async def list_practices(db: Reads) -> list[Row]:
    return await db.unscoped_rows(
        """
        select p.id, p.ppass, p.name, p.kind, p.time_zone, p.colour, p.reply_to, p.owner_name, p.owner_email,
               p.created_at, count(l.id) as locations
        from practices p left join locations l on l.practice_id = p.id
        group by p.id order by p.id
        """
    )


async def insert_location(
    db: Reads, practice_id: int, location_id: str, *, name: str, state: str | None, time_zone: str | None = None
) -> Row:
    """Without a time zone it goes by the practice's."""
    row = await db.unscoped_row(
        """
        insert into locations (practice_id, id, name, state, time_zone) values ($1, $2, $3, $4, $5)
        returning id, name, state, time_zone
        """,
        practice_id,
        location_id,
        name,
        state,
        time_zone,
    )
    assert row is not None
    return row


async def list_locations(db: Reads, practice_id: int | None) -> list[Row]:
    return await db.unscoped_rows(
        """
        select l.id, p.ppass, l.name, l.state, coalesce(l.time_zone, p.time_zone) as time_zone, l.created_at
        from locations l join practices p on p.id = l.practice_id
        where $1::int is null or l.practice_id = $1
        order by p.id, l.created_at, l.id
        """,
        practice_id,
    )


async def upsert_agreement(db: Reads, practice_id: int, exam_group_id: int, *, now: datetime) -> bool:
    """An agreement from now on; False when there is one already."""
    row = await db.unscoped_row(
        """
        insert into agreements (practice_id, exam_group_id, agreed_at) values ($1, $2, $3)
        on conflict (practice_id, exam_group_id) do update set agreed_at = excluded.agreed_at, ended_at = null
          where agreements.ended_at is not null
        returning practice_id
        """,
        practice_id,
        exam_group_id,
        now,
    )
    return row is not None


async def update_agreement_ended(db: Reads, practice_id: int, exam_group_id: int, *, now: datetime) -> bool:
    """End the agreement that they have; False when they have none."""
    row = await db.unscoped_row(
        """
        update agreements set ended_at = $3
        where practice_id = $1 and exam_group_id = $2 and ended_at is null
        returning practice_id
        """,
        practice_id,
        exam_group_id,
        now,
    )
    return row is not None


async def list_agreements(db: Reads) -> list[Row]:
    """Those that ended, too."""
    return await db.unscoped_rows(
        """
        select p.ppass as practice, g.ppass as exam_group, a.agreed_at, a.ended_at, a.practice_id
        from agreements a
        join practices p on p.id = a.practice_id
        join practices g on g.id = a.exam_group_id
        order by p.id, g.id
        """
    )
