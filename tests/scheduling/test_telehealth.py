"""Exam providers are found by the licence of the patient's state and by free time, in groups with an agreement."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from scheduling import staff

from openmedspa.kit.house import House
from openmedspa.scheduling import telehealth
from openmedspa.scheduling.telehealth import Offer

EVENINGS: staff.Hours = ((1, 2, 3, 4, 5, 6, 7), ((1020, 1260),), ())  # 17 to 21
NOW = datetime.now(UTC)


@pytest.fixture
async def group(owner: asyncpg.Connection) -> str:
    """An exam group with a location in New York, that `glow` has an agreement with."""
    await owner.execute(
        """with made as (
             insert into practices (ppass, name, kind, time_zone)
             values ('Clearview', 'Clearview Exams', 'exam_group', 'America/New_York') returning id
           ), placed as (insert into locations (practice_id, id, name) select id, 'loc_clear', 'Clearview' from made)
           insert into agreements (practice_id, exam_group_id)
           select p.id, made.id from practices p, made where p.ppass = 'GlowOffice'"""
    )
    await staff.offer(owner, "Clearview", code="EXAM", minutes=15, after=5)
    return "Clearview"


async def examine(owner: asyncpg.Connection, group: str, *, name: str, state: str = "CA", expires_in: int = 300) -> int:
    """An exam provider who works evenings, New York time, with a licence for so many days from today."""
    provider = await staff.hire(owner, group, name=name, hours=EVENINGS)
    await owner.execute(
        """insert into provider_licences (practice_id, provider_id, state, number, expires_on)
           select practice_id, id, $2, 'L' || id, $3 from providers where id = $1""",
        provider, state, staff.ahead(expires_in),
    )  # fmt: skip
    return provider


async def asked(house: House, owner: asyncpg.Connection, state: str = "CA", days: int = 30) -> list[Offer]:
    practice = await staff.practice_id(owner)
    return await telehealth.next_exams(house.db, practice, state, minutes=15, days=days, now=NOW)


async def test_providers_come_by_their_first_free_moment(house: House, owner: asyncpg.Connection, group: str) -> None:
    first, second = [await examine(owner, group, name=name) for name in ("Ida Marlow", "Bo Quill")]
    free = (await asked(house, owner))[0]
    assert {offer.provider_id for offer in await asked(house, owner)} == {first, second}
    await staff.put_down(owner, first, free.starts_at, minutes=60, code="EXAM")
    offers = await asked(house, owner)
    assert [offer.provider_id for offer in offers] == [second, first]
    assert offers[0].starts_at == free.starts_at
    assert offers[1].starts_at >= free.starts_at + timedelta(minutes=60)
    assert offers[0].time_zone == "America/New_York" and offers[0].licence_number == f"L{second}"


async def test_nobody_without_a_licence_of_the_state_is_offered(
    house: House, owner: asyncpg.Connection, group: str
) -> None:
    await examine(owner, group, name="Ida Marlow", state="NV")
    await examine(owner, group, name="Bo Quill", expires_in=-2)
    assert await asked(house, owner) == []
    assert [offer.name for offer in await asked(house, owner, "NV")] == ["Ida Marlow"]


async def test_nobody_is_offered_past_the_last_day_of_their_licence(
    house: House, owner: asyncpg.Connection, group: str
) -> None:
    provider = await examine(owner, group, name="Ida Marlow", expires_in=2)
    offers = await telehealth.list_exams(
        house.db, await staff.practice_id(owner), "CA", minutes=15, since=NOW, until=NOW + timedelta(days=9), now=NOW
    )
    last = max(offer.starts_at for offer in offers).astimezone(staff.ZONE).date()
    assert last == staff.ahead(2)
    assert {offer.provider_id for offer in offers} == {provider}
    await owner.execute(
        "insert into time_off (practice_id, provider_id, from_at, until_at) "
        "select practice_id, id, now() - interval '1 day', now() + interval '5 days' from providers where id = $1",
        provider,
    )
    assert await asked(house, owner) == []


async def test_what_is_listed_is_in_order_and_within_the_time_asked_for(
    house: House, owner: asyncpg.Connection, group: str
) -> None:
    for name in ("Ida Marlow", "Bo Quill"):
        await examine(owner, group, name=name)
    since, until = staff.at(staff.ahead(3), "00:00"), staff.at(staff.ahead(4), "15:00")
    offers = await telehealth.list_exams(
        house.db, await staff.practice_id(owner), "CA", minutes=15, since=since, until=until, now=NOW
    )
    moments = [offer.starts_at for offer in offers]
    assert moments == sorted(moments) and since <= moments[0] and moments[-1] < until
    assert len(moments) == 2 * (16 + 4)  # 14:00 to 17:45 Pacific on the first day, to 14:45 on the second


@pytest.mark.parametrize("ends", [True, False], ids=["ended", "never there"])
async def test_without_an_agreement_nobody_is_offered(
    house: House, owner: asyncpg.Connection, group: str, ends: bool
) -> None:
    await examine(owner, group, name="Ida Marlow")
    assert len(await asked(house, owner)) == 1
    await owner.execute("update agreements set ended_at = now()" if ends else "delete from agreements")
    assert await asked(house, owner) == []
    rival = await staff.practice_id(owner, "RivalOffice")
    assert await telehealth.next_exams(house.db, rival, "CA", minutes=15, days=30, now=NOW) == []


async def test_a_practices_own_providers_examine_nobody_by_this_way(
    house: House, owner: asyncpg.Connection, group: str
) -> None:
    await examine(owner, "GlowOffice", name="Dana Vance")
    assert await asked(house, owner) == []
