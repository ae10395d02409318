"""All SQL on practices and their locations. These tables have no row-level security: they say who the tenants are."""

from openmedspa.kit.db import Reads, Row


async def insert_practice(db: Reads, *, ppass: str, name: str, time_zone: str) -> Row:
    row = await db.unscoped_row(
        "insert into practices (ppass, name, time_zone) values ($1, $2, $3) returning id, ppass, name, time_zone",
        ppass,
        name,
        time_zone,
    )
    assert row is not None
    return row


async def find_practice(db: Reads, ppass: str) -> Row | None:
    """By its PPass, which is unique without regard to case."""
    return await db.unscoped_row(
        "select id, ppass, name, time_zone, colour, reply_to from practices where lower(ppass) = lower($1)", ppass
    )


async def update_practice(db: Reads, practice_id: int, *, name: str, colour: str, reply_to: str | None) -> None:
    await db.unscoped_row(
        "update practices set name = $2, colour = $3, reply_to = $4 where id = $1", practice_id, name, colour, reply_to
    )


async def list_practices(db: Reads) -> list[Row]:
    return await db.unscoped_rows(
        """
        select p.ppass, p.name, p.time_zone, p.colour, p.reply_to, p.created_at, count(l.id) as locations
        from practices p left join locations l on l.practice_id = p.id
        group by p.id order by p.id
        """
    )


async def insert_location(db: Reads, practice_id: int, location_id: str, *, name: str, state: str | None) -> Row:
    row = await db.unscoped_row(
        "insert into locations (practice_id, id, name, state) values ($1, $2, $3, $4) returning id, name, state",
        practice_id,
        location_id,
        name,
        state,
    )
    assert row is not None
    return row


async def list_locations(db: Reads, practice_id: int | None) -> list[Row]:
    return await db.unscoped_rows(
        """
        select l.id, p.ppass, l.name, l.state, l.created_at
        from locations l join practices p on p.id = l.practice_id
        where $1::int is null or l.practice_id = $1
        order by p.id, l.created_at, l.id
        """,
        practice_id,
    )
