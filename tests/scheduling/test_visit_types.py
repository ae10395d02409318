"""Visit types: made and changed, with the bounds that the table keeps, and each change in the audit trail."""

from typing import Any

import asyncpg
import pytest
from client import Client
from scheduling.staff import at, hire, know, practice_id, put_down

from openmedspa.kit.errors import Invalid, NotFound
from openmedspa.kit.house import utc_now
from openmedspa.scheduling import visit_types
from openmedspa.scheduling.visit_types import Wanted


async def put(client: Client, owner: asyncpg.Connection, code: str, **wanted: Any) -> bool:
    practice = await practice_id(owner)
    return await client.house.system.write(
        [], lambda tx: visit_types.put(tx, practice, code, Wanted(**wanted), actor="test", now=utc_now())
    )


async def kept(owner: asyncpg.Connection, code: str) -> tuple[Any, ...] | None:
    row = await owner.fetchrow(
        "select name, minutes, before_minutes, after_minutes, treatment_ids from visit_types where code = $1", code
    )
    return tuple(row) if row else None


async def audited(owner: asyncpg.Connection) -> int:
    found: int = await owner.fetchval("select count(*) from audit where action = 'visit_type.set'")
    return found


async def test_a_new_one_is_kept_with_what_was_said(glow_emr: Client, owner: asyncpg.Connection) -> None:
    assert await put(glow_emr, owner, "peel", minutes=45, after=10, treatments=["Peel", "treatment_001", "peel"])
    assert await kept(owner, "PEEL") == ("Peel", 45, 0, 10, ["treatment_003", "treatment_001"])
    assert await audited(owner) == 1


async def test_a_change_leaves_what_was_not_said(glow_emr: Client, owner: asyncpg.Connection) -> None:
    await put(glow_emr, owner, "PEEL", name="Chemical peel", minutes=45, before=5, treatments=["Peel"])
    assert not await put(glow_emr, owner, "PEEL", minutes=60)
    assert await kept(owner, "PEEL") == ("Chemical peel", 60, 5, 0, ["treatment_003"])
    assert not await put(glow_emr, owner, "PEEL", before=0, treatments=[])
    assert await kept(owner, "PEEL") == ("Chemical peel", 60, 0, 0, [])


async def test_what_changes_nothing_is_no_change(glow_emr: Client, owner: asyncpg.Connection) -> None:
    await put(glow_emr, owner, "PEEL", minutes=45)
    await put(glow_emr, owner, "PEEL", minutes=45, before=0)
    assert await audited(owner) == 1


@pytest.mark.parametrize(
    ("code", "wanted", "why"),
    [
        ("9TO5", {"minutes": 30}, "is no visit type"), ("A B", {"minutes": 30}, "is no visit type"),
        ("X" * 33, {"minutes": 30}, "is no visit type"), ("PEEL", {}, "say how many minutes"),
        ("PEEL", {"minutes": 4}, "does not fit"), ("PEEL", {"minutes": 481}, "does not fit"),
        ("PEEL", {"minutes": 30, "before": 241}, "does not fit"), ("PEEL", {"minutes": 30, "after": -1}, "not fit"),
        ("PEEL", {"minutes": 30, "name": " "}, "is empty"), ("PEEL", {"minutes": 30, "name": "a\nb"}, "not one line"),
    ],
)  # fmt: skip
async def test_what_the_table_would_refuse_is_refused_with_a_reason(
    glow_emr: Client, owner: asyncpg.Connection, code: str, wanted: dict[str, Any], why: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await put(glow_emr, owner, code, **wanted)
    assert why in refused.value.error
    assert (await owner.fetchval("select count(*) from visit_types"), await audited(owner)) == (0, 0)


async def test_a_treatment_must_be_of_the_catalogue(glow_emr: Client, owner: asyncpg.Connection) -> None:
    with pytest.raises(NotFound) as refused:
        await put(glow_emr, owner, "PEEL", minutes=30, treatments=["Chemcal Peel"])
    assert "Did you mean Chemical Peel?" in str(refused.value.detail)
    assert await kept(owner, "PEEL") is None


async def test_what_is_booked_keeps_its_time(glow_emr: Client, owner: asyncpg.Connection) -> None:
    await put(glow_emr, owner, "FOLLOWUP", minutes=30)
    provider, patient = await hire(owner), await know(owner)
    await put_down(owner, provider, at(utc_now().date(), "10:00"), patient=patient)
    before = await owner.fetch("select * from taken_times")
    await put(glow_emr, owner, "FOLLOWUP", minutes=60, before=30, after=30)
    assert await owner.fetch("select * from taken_times") == before
    assert await owner.fetchval("select minutes from bookings") == 30


async def test_another_practices_type_of_that_name_stays(glow_emr: Client, owner: asyncpg.Connection) -> None:
    rival = await practice_id(owner, "RivalOffice")
    await owner.execute(
        "insert into visit_types (practice_id, code, name, minutes) values ($1, 'PEEL', 'Peel', 20)", rival
    )
    assert await put(glow_emr, owner, "PEEL", minutes=45)
    rows = await owner.fetch("select practice_id, minutes from visit_types order by practice_id")
    assert [row["minutes"] for row in rows] == [45, 20]
