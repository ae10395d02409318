"""Providers from a file: whom a row means, what is refused, and a second run that changes nothing."""

import json
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import asyncpg
import pytest
from scheduling.bringing import Desk, everything, open_desk
from scheduling.staff import hire

from openmedspa.scheduling.importing.providers import wrong_npi
from openmedspa.settings import Settings

FILE = """Name,Title,Specialty,NPI,LocationID,StepMinutes,NoticeMinutes,WindowDays,Reference,Active,Licences
Mara Quill,NP,Injectables,1234567893,loc_glow,20,60,90,emp-1,yes,CA:NP12345:2027-03-31; nv:81-22:2028-01-31
Ines Tolland,PA-C,,,loc_glow2,,,,emp-2,,
"""


@pytest.fixture
async def desk(settings: Settings, tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(settings, tmp_path) as found:
        yield found


async def test_providers_come_with_their_licences(desk: Desk, owner: asyncpg.Connection) -> None:
    assert (await desk.providers(FILE)).counts == (2, 0, 0, 0)
    mara = await owner.fetchrow("select * from providers where reference = 'emp-1'")
    assert (mara["name"], mara["title"], mara["specialty"], mara["npi"], mara["home_location_id"]) == (
        "Mara Quill", "NP", "Injectables", "1234567893", "loc_glow",
    )  # fmt: skip
    assert (mara["step_minutes"], mara["notice_minutes"], mara["window_days"], mara["ended_at"]) == (20, 60, 90, None)
    licences = await owner.fetch("select state, number, expires_on from provider_licences order by state")
    assert licences == [("CA", "NP12345", date(2027, 3, 31)), ("NV", "81-22", date(2028, 1, 31))]
    (row,) = await owner.fetch("select actor, subject from audit where action = 'providers.imported'")
    assert (row["actor"], row["subject"]) == ("cli:test", "2 created, 0 updated")


async def test_a_second_run_changes_nothing(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.providers(FILE)
    before = await everything(owner)
    assert (await desk.providers(FILE)).counts == (0, 0, 2, 0)
    assert await everything(owner) == before


async def test_a_dry_run_writes_nothing(desk: Desk, owner: asyncpg.Connection) -> None:
    before = await everything(owner)
    assert (await desk.providers(FILE, is_dry=True)).counts == (2, 0, 0, 0)
    assert await everything(owner) == before


async def test_licences_as_given_replace_those_there(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.providers(FILE)
    assert (await desk.providers("Name,Reference,Licences\nMara Quill,emp-1,CA:NP99:2029-01-01; AZ:1:2030-01-01\n")).counts == (0, 1, 0, 0)  # fmt: skip # noqa: E501
    rows = await owner.fetch("select state, number from provider_licences order by state")
    assert rows == [("AZ", "1"), ("CA", "NP99")]
    assert (await desk.providers("Name,Reference,Title\nMara Quill,emp-1,NP\n")).counts == (0, 0, 1, 0)
    assert (await desk.providers('[{"Name": "Mara Quill", "Reference": "emp-1", "Licences": null}]')).updated == 1
    assert await owner.fetchval("select count(*) from provider_licences") == 0


async def test_a_provider_is_known_by_reference_then_number_then_name(desk: Desk, owner: asyncpg.Connection) -> None:
    known = await hire(owner, name="Dana Vance")
    assert (await desk.providers(f"ProviderID,Name,Reference\n{known},Dana Voss,emp-7\n")).counts == (0, 1, 0, 0)
    assert (await desk.providers("Name,Reference\nDana Vance-Voss,emp-7\n")).counts == (0, 1, 0, 0)
    assert (await desk.providers("ProviderID,Name,Title\n999999,dana  vance-voss,MD\n")).counts == (0, 1, 0, 0)
    row = await owner.fetchrow("select id, name, reference, title from providers")
    assert tuple(row) == (known, "dana vance-voss", "emp-7", "MD")
    assert (await desk.providers("Name,Reference\nDana Vance-Voss,emp-8\n")).counts == (1, 0, 0, 0), "another person"


async def test_rows_that_mean_one_provider_are_not_both_taken(desk: Desk, owner: asyncpg.Connection) -> None:
    known = await hire(owner, name="Dana Vance")
    came = await desk.providers(f"ProviderID,Name,Reference\n{known},Dana,\n,Dana Vance,\n,Ana New,n1\n,Ana New,n1\n")
    assert came.refused == {3: {"": "means the same as line 2"}, 5: {"": "means the same as line 4"}}
    new = await desk.providers("Name\nBo New\nbo new\n")
    assert new.refused == {3: {"": "means the same as line 2"}}


async def test_who_is_adopted_by_name_is_named(desk: Desk, owner: asyncpg.Connection) -> None:
    known = await hire(owner, name="Dana Vance")
    text = "Name,Reference\nBo New,n1\ndana vance,emp-7\n"
    for is_dry in True, False:
        came = await desk.providers(text, is_dry=is_dry)
        assert came.notes == [f"line 3 is {known} Dana Vance, who had no reference until now: emp-7"]
    assert (await desk.providers(text)).notes == []


async def test_licences_that_have_ended_are_counted(desk: Desk) -> None:
    head = "Name,Licences\n"
    came = await desk.providers(
        head + "Bo New,CA:1:2020-01-01;NV:1:2021-01-01\nAna New,AZ:1:2022-01-01;CA:1:2090-01-01\n"
    )
    assert came.notes == ["3 licences have ended already: lines 2, 3"]
    assert (await desk.providers(head + "Cy New,CA:1:2020-01-01\n")).notes == ["1 licence has ended already: line 2"]


async def test_a_name_that_several_have_is_refused(desk: Desk, owner: asyncpg.Connection) -> None:
    await hire(owner, name="Dana Vance")
    await hire(owner, name="Dana Vance")
    came = await desk.providers("Name\nDana Vance\n")
    assert came.refused == {2: {"Name": "is the name of several providers: give ProviderID or Reference"}}


async def test_one_who_left_is_no_longer_active_and_may_come_back(desk: Desk, owner: asyncpg.Connection) -> None:
    await desk.providers(FILE)
    assert (await desk.providers("Name,Reference,Active\nMara Quill,emp-1,no\n")).updated == 1
    ended = await owner.fetchval("select ended_at from providers where reference = 'emp-1'")
    assert ended is not None
    assert (await desk.providers("Name,Reference,Active\nMara Quill,emp-1,no\n")).unchanged == 1
    assert (await desk.providers("Name,Reference,Active\nMara Quill,emp-1,yes\n")).updated == 1
    assert await owner.fetchval("select ended_at from providers where reference = 'emp-1'") is None


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("NPI", "123456789", "must be 10 digits"),
        ("NPI", "1234567894", "check digit"),
        ("LocationID", "loc_rival", "is no location of this practice"),
        ("StepMinutes", "4", "must be at least 5"),
        ("NoticeMinutes", "43201", "must be at most 43200"),
        ("WindowDays", "0", "must be at least 1"),
        ("Active", "perhaps", "must be true or false"),
        ("Licences", "California:1:2027-01-01", "must be like CA:PA12345:2027-03-31"),
        ("Licences", "CA:1", "must be like"),
        ("Licences", "CA:1:2027-02-29", "no date of the calendar"),
        ("Licences", "ZZ:1:2027-01-01", "names ZZ, which is no state"),
        ("Licences", "CA:1:2027-01-01;CA:2:2027-01-01", "names CA twice"),
    ],
)
async def test_what_is_wrong_names_its_field(desk: Desk, field: str, value: str, why: str) -> None:
    came = await desk.providers(json.dumps([{"Name": "Mara Quill", field: value}]) if field in {"NPI", "LocationID", "Licences"} else f"Name,{field}\nMara Quill,{value}\n")  # fmt: skip # noqa: E501
    ((_, faults),) = came.refused.items()
    assert set(faults) == {field}
    assert why in faults[field]
    assert came.created == 0


async def test_another_practices_providers_are_not_known(desk: Desk, owner: asyncpg.Connection) -> None:
    theirs = await hire(owner, "RivalOffice", name="Dana Vance")
    before = await owner.fetchrow("select * from providers where id = $1", theirs)
    assert (await desk.providers(f"ProviderID,Name,Title\n{theirs},Dana Vance,MD\n")).counts == (1, 0, 0, 0)
    assert await owner.fetchrow("select * from providers where id = $1", theirs) == before


def test_the_check_digit_counts_the_prefix() -> None:
    assert wrong_npi("1234567893") == ""
    assert [digit for digit in "0123456789" if not wrong_npi("123456789" + digit)] == ["3"]
    assert wrong_npi("123456789٣")
