"""Row-level security of who works when and what is booked: another practice sees 0 rows, whatever it asks."""

import asyncpg
import pytest
from cast import Cast
from scheduling import staff

from openmedspa.kit.db import APP_ROLE

TABLES = ["providers", "provider_licences", "provider_hours", "date_hours", "time_off", "visit_types", "bookings",
          "booking_steps", "holds", "taken_times"]  # fmt: skip
MOVABLE = ["bookings", "holds"]
KEYS = {"GlowOffice": Cast.PARTNER_KEY, "RivalOffice": Cast.RIVAL_PARTNER_KEY}
FURTHER = """
with them as (select practice_id, id, home_location_id from providers where id = $1),
     licence as (insert into provider_licences select practice_id, id, 'CA', 'X1', '2099-12-31' from them),
     closed as (insert into date_hours (practice_id, location_id, provider_id, on_date)
                select practice_id, home_location_id, id, '2099-01-01' from them)
insert into time_off (practice_id, provider_id, from_at, until_at)
select practice_id, id, now(), now() + interval '1 hour' from them
"""


@pytest.fixture
async def both(owner: asyncpg.Connection) -> dict[str, int]:
    """Each practice with a row in every table; their numbers."""
    for ppass, key in KEYS.items():
        provider = await staff.hire(owner, ppass)
        await staff.offer(owner, ppass)
        await staff.put_down(owner, provider, staff.at(staff.ahead(), "08:00"))
        await staff.keep(owner, provider, staff.at(staff.ahead(), "09:00"), key=key)
        await owner.execute(FURTHER, provider)
    return {ppass: await staff.practice_id(owner, ppass) for ppass in KEYS}


async def scoped_to(owner: asyncpg.Connection, scope: str) -> None:
    await owner.execute(f"set role {APP_ROLE}")
    await owner.execute("select set_config('app.scope', $1, false)", scope)


@pytest.mark.parametrize("table", TABLES)
async def test_another_practices_rows_are_not_there(
    owner: asyncpg.Connection, both: dict[str, int], table: str
) -> None:
    whose = f"select distinct practice_id from {table} order by 1"
    assert [row[0] for row in await owner.fetch(whose)] == sorted(both.values())
    for practice in both.values():
        await scoped_to(owner, f"{{{practice}}}")
        assert [row[0] for row in await owner.fetch(whose)] == [practice]
    for nobody in ("", "{}", "{999}"):
        await scoped_to(owner, nobody)
        assert await owner.fetchval(f"select count(*) from {table}") == 0


@pytest.mark.parametrize("table", MOVABLE)
async def test_another_practices_rows_cannot_be_changed(
    owner: asyncpg.Connection, both: dict[str, int], table: str
) -> None:
    await scoped_to(owner, f"{{{both['GlowOffice']}}}")
    changed = await owner.execute(f"update {table} set minutes = 5 where practice_id = $1", both["RivalOffice"])
    assert changed == "UPDATE 0"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await owner.execute(f"update {table} set practice_id = $1", both["RivalOffice"])


async def test_another_practices_time_can_neither_be_taken_nor_given_back(
    owner: asyncpg.Connection, both: dict[str, int]
) -> None:
    rivals, at = both["RivalOffice"], staff.at(staff.ahead(), "20:00")
    taken = await owner.fetchrow("select provider_id, booking_id from taken_times where practice_id = $1", rivals)
    assert taken is not None
    await scoped_to(owner, f"{{{both['GlowOffice']}}}")
    assert await owner.execute("delete from taken_times where practice_id = $1", rivals) == "DELETE 0"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await owner.execute(
            "insert into taken_times (practice_id, provider_id, from_at, until_at, booking_id)"
            " values ($1, $2, $3::timestamptz, $3 + interval '1 hour', $4)",
            rivals, taken["provider_id"], at, taken["booking_id"],
        )  # fmt: skip
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await owner.execute(
            "insert into booking_steps (practice_id, booking_id, status, provider_id, location_id, starts_at, minutes,"
            " actor, at) values ($1, $2, 'Booked', $3, $4, $5, 30, 'x', $5)",
            rivals, taken["booking_id"], taken["provider_id"], Cast.RIVAL, at,
        )  # fmt: skip


@pytest.mark.parametrize("table", ["provider_licences", "provider_hours", "date_hours", "time_off", "visit_types"])
async def test_the_app_reads_hours_and_types_and_changes_none(
    owner: asyncpg.Connection, both: dict[str, int], table: str
) -> None:
    await scoped_to(owner, f"{{{both['GlowOffice']}}}")
    for statement in (f"delete from {table}", f"update {table} set practice_id = practice_id"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await owner.execute(statement)
