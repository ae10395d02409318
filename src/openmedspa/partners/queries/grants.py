"""SQL on what a partner may reach, by its key or by a token, and on the grants themselves. Read before there is a scope."""

from openmedspa.kit.db import Reads, Row
from openmedspa.partners.keys import Grant

GRANT = """
select k.id as key_id, k.partner_id, k.scopes, k.expires_at, p.clock_offset, k.per_second, k.burst,
       array_agg(g.location_id) filter (where g.location_id is not null) as location_ids,
       array_agg(g.practice_id) filter (where g.location_id is not null) as practice_ids
from api_keys k
join partners p on p.id = k.partner_id and p.revoked_at is null
left join grants g on g.partner_id = k.partner_id and (k.location_ids is null or g.location_id = any(k.location_ids))
where k.revoked_at is null and
"""


async def find_grant(db: Reads, key_sha256: bytes) -> Grant | None:
    """What a live key may reach; None when it is unknown or revoked. Expiry is the caller's to compare."""
    return _to_grant(await db.unscoped_row(f"{GRANT} k.key_sha256 = $1 group by k.id, p.clock_offset", key_sha256))


async def find_grant_by_id(db: Reads, key_id: int) -> Grant | None:
    return _to_grant(await db.unscoped_row(f"{GRANT} k.id = $1 group by k.id, p.clock_offset", key_id))


async def find_token_grant(db: Reads, key_id: int, ppass: str) -> Grant | None:
    """What a token's holder may reach now: its practice and no other; None once the key or the grant has ended."""
    row = await db.unscoped_row(
        f"{GRANT} k.id = $1 and g.practice_id = (select id from practices where lower(ppass) = lower($2))"
        " group by k.id, p.clock_offset",
        key_id,
        ppass,
    )
    return _to_grant(row)


async def find_asked_for(db: Reads, key_sha256: bytes, ppass: str) -> Row | None:
    """A key and a practice, as somebody who asks for a token names them, in one statement whatever they are.

    None unless there are both, the key lives and reaches the practice: the caller is not to learn which it was.
    """
    return await db.unscoped_row(
        """
        select k.id, k.partner_id, k.scopes, k.expires_at, k.prefix, pr.ppass, pr.id as practice_id
        from (select $1::bytea as sha256, $2::text as ppass) asked
        left join api_keys k on k.key_sha256 = asked.sha256 and k.revoked_at is null
        left join partners p on p.id = k.partner_id and p.revoked_at is null
        left join practices pr on lower(pr.ppass) = lower(asked.ppass)
        where p.id is not null and exists (
          select from grants g where g.partner_id = k.partner_id and g.practice_id = pr.id
            and (k.location_ids is null or g.location_id = any(k.location_ids)))
        """,
        key_sha256,
        ppass,
    )


async def find_location_practice(db: Reads, location_id: str) -> int | None:
    row = await db.unscoped_row("select practice_id from locations where id = $1", location_id)
    return row["practice_id"] if row else None


async def list_granted(db: Reads, partner_id: int) -> list[Row]:
    """The places that a partner may reach, by practice."""
    return await db.unscoped_rows(
        """
        select g.location_id, l.name as location, pr.ppass, pr.name as practice, g.created_at
        from grants g
        join locations l on l.practice_id = g.practice_id and l.id = g.location_id
        join practices pr on pr.id = g.practice_id
        where g.partner_id = $1 order by lower(pr.ppass), lower(l.name), l.id
        """,
        partner_id,
    )


async def insert_grant(db: Reads, partner_id: int, location_id: str) -> bool:
    """True if it is new."""
    row = await db.unscoped_row(
        """
        insert into grants (partner_id, practice_id, location_id)
        select $1, practice_id, id from locations where id = $2
        on conflict do nothing returning location_id
        """,
        partner_id,
        location_id,
    )
    return row is not None


async def delete_grant(db: Reads, partner_id: int, location_id: str) -> bool:
    """True if there was one. The subscription stays: it delivers only while the grant stands."""
    row = await db.unscoped_row(
        "delete from grants where partner_id = $1 and location_id = $2 returning location_id", partner_id, location_id
    )
    return row is not None


def _to_grant(row: Row | None) -> Grant | None:
    if row is None:
        return None
    places = dict(zip(row["location_ids"] or [], row["practice_ids"] or [], strict=True))
    return Grant(
        key_id=row["key_id"],
        partner_id=row["partner_id"],
        scopes=frozenset(row["scopes"]),
        places=places,
        practice_ids=sorted(set(places.values())),
        expires_at=row["expires_at"],
        clock_offset=row["clock_offset"],
        per_second=row["per_second"],
        burst=row["burst"],
    )
