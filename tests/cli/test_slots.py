"""When a provider can be booked, asked at a prompt: the next time, a week drawn, and who may examine in a state."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from rich.text import Text
from scheduling import staff

from .conftest import Prompt

MONDAY = staff.ahead(7, weekday=1)
ZONE = staff.ZONE


@pytest.fixture
async def dana(owner: asyncpg.Connection) -> int:
    """Office hours, a booking on Monday at 10 with time around it, and away from 15 to 16."""
    await staff.offer(owner, before=15, after=15)
    provider = await staff.hire(owner, hours=staff.OFFICE)
    patient = await staff.know(owner, surname="Underhill")
    await staff.put_down(owner, provider, staff.at(MONDAY, "10:00"), patient=patient, before=15, after=15)
    await owner.execute(
        "insert into time_off (practice_id, provider_id, from_at, until_at)"
        " select practice_id, id, $2, $3 from providers where id = $1",
        provider, staff.at(MONDAY, "15:00"), staff.at(MONDAY, "16:00"),
    )  # fmt: skip
    return provider


def asked(desk: Prompt, *words: str) -> Any:
    ran = desk("slots", *words, "--json")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def column(lines: list[str], title: str) -> dict[str, str]:
    """What stands under a day, by the time of its row."""
    head = next(line for line in lines if title in line)
    at = head.index(title)
    rows = (line for line in lines if line[1:6].replace(":", "").isdigit())
    return {line[1:6]: Text(line).plain[at : at + 10].strip() for line in rows}


async def test_the_week_shows_what_is_in_it(desk: Prompt, dana: int, owner: asyncpg.Connection) -> None:
    ran = desk("slots", str(dana), MONDAY.isoformat(), "--week")
    assert ran.code == 0, ran.err
    monday = column(ran.lines, f"{MONDAY:%a %d}")
    assert monday["09:00"] == "○ 09:00" and monday["09:30"] == "·"
    assert (monday["09:45"][0], monday["10:00"], monday["10:15"]) == ("░", "█FOLLOWUP", "█30 min")
    assert (monday["12:00"][0], monday["15:00"][0], monday["16:00"]) == ("┄", "╱", "○ 16:00")
    saturday = MONDAY + timedelta(days=5)
    assert set(column(ran.lines, f"{saturday:%a %d}").values()) == {""}
    for word in ("Dana Vance, NP", "closed", "offered", "booked", "break", "away", "kept free", "America/Los_Angeles"):
        assert word in ran.out, word
    assert "Underhill" not in ran.out and "\x1b" not in ran.out
    assert max(map(len, ran.lines)) <= 80
    assert await owner.fetchval("select count(*) from audit where action = 'schedule.read'") == 1


async def test_the_week_and_the_api_offer_the_same(desk: Prompt, dana: int, glow_partner: Any) -> None:
    told = asked(desk, str(dana), MONDAY.isoformat(), "--week")
    assert [day["date"] for day in told["days"]] == [(MONDAY + timedelta(days=n)).isoformat() for n in range(7)]
    for day in told["days"]:
        path = f"/v1/GlowOffice/availability/providers/{dana}/slots?date={day['date']}&duration=30"
        assert day["slots"] == (await glow_partner.get(path)).json["data"]["Slots"]
    (entry,) = told["days"][0]["entries"]
    assert (entry["kind"], entry["type"], entry["status"], entry["duration"]) == ("booking", "FOLLOWUP", "Booked", 30)


async def test_any_day_of_it_names_the_week(desk: Prompt, dana: int) -> None:
    sunday = (MONDAY + timedelta(days=6)).isoformat()
    assert asked(desk, str(dana), sunday, "--week") == asked(desk, str(dana), MONDAY.isoformat(), "--week")
    this = asked(desk, str(dana), "--week")["days"]
    assert this[0]["date"] <= datetime.now(ZONE).date().isoformat() <= this[6]["date"]


async def test_a_past_week_shows_what_was_booked(desk: Prompt, dana: int, owner: asyncpg.Connection) -> None:
    past = MONDAY - timedelta(days=70)
    await staff.put_down(owner, dana, staff.at(past, "11:00"))
    told = asked(desk, str(dana), past.isoformat(), "--week")["days"]
    assert len(told[0]["entries"]) == 1 and all(day["slots"] == [] for day in told)


async def test_a_hold_is_seen_until_it_lapses(desk: Prompt, dana: int, owner: asyncpg.Connection) -> None:
    from cast import Cast

    await staff.keep(owner, dana, staff.at(MONDAY, "13:00"), key=Cast.PARTNER_KEY)
    await staff.keep(owner, dana, staff.at(MONDAY, "14:00"), key=Cast.PARTNER_KEY, lapses_in=timedelta(seconds=-1))
    monday = column(desk("slots", str(dana), MONDAY.isoformat(), "--week").lines, f"{MONDAY:%a %d}")
    assert (monday["13:00"], monday["14:00"]) == ("▒held", "○ 14:00")


async def test_next_and_a_day(desk: Prompt, dana: int) -> None:
    told = asked(desk, "dana vance", MONDAY.isoformat(), "--type", "followup")
    assert told["slots"][0] == "09:00:00" and "10:00:00" not in told["slots"]
    assert (told["duration"], told["before"], told["after"]) == (30, 15, 15)
    assert told["next"]["date"] <= MONDAY.isoformat()
    ran = desk("slots", str(dana), (MONDAY + timedelta(days=5)).isoformat())
    assert "closed" in ran.out and "Next" in ran.out


@pytest.mark.parametrize(
    ("words", "code", "what", "hint"),
    [
        ("", 2, "slots takes a PROVIDER or --state.", "slots 1 --week"),
        ("1 --state CA", 2, "slots takes a PROVIDER or --state.", "slots 1 --week"),
        ("1 tomorrow", 2, "“tomorrow” is no date.", "2026-03-09"),
        ("1 --duration 4", 2, "--duration 4 does not fit", "--duration 30"),
        ("--state California", 2, "is no state: two letters.", "--state CA"),
        ("Dan", 3, "There is no provider Dan.", "Did you mean Dana Vance?"),
        ("9999", 3, "There is no provider 9999.", "Known are"),
        ("1 --practice Glow", 3, "There is no practice Glow.", "GlowOffice"),
        ("1 --type NONE", 2, "has no visit type NONE.", "visit-types list"),
        ("1 --week --location loc_rival", 2, "has no location loc_rival.", "locations list"),
    ],
)
async def test_what_is_wrong_is_said(desk: Prompt, dana: int, words: str, code: int, what: str, hint: str) -> None:
    ran = desk("slots", *words.replace("1 ", f"{dana} ", 1).split())
    assert (ran.code, ran.out) == (code, "")
    assert what in ran.err and hint in ran.err


async def test_a_name_of_several_must_be_told_apart(desk: Prompt, dana: int, owner: asyncpg.Connection) -> None:
    rival = await staff.hire(owner, "RivalOffice")
    ran = desk("slots", "Dana Vance")
    assert ran.code == 2 and f"{dana} at GlowOffice, {rival} at RivalOffice" in ran.err
    assert asked(desk, "Dana Vance", "--practice", "RivalOffice")["provider"]["id"] == rival


async def test_who_may_examine_in_a_state(desk: Prompt, owner: asyncpg.Connection) -> None:
    assert desk("practices", "create", "FarExams", "--exam-group").code == 0
    desk("locations", "create", "FarExams", "loc_far")
    desk("visit-types", "set", "EXAM", "--practice", "FarExams", "--minutes", "15", "--after", "5")
    provider = await staff.hire(owner, "FarExams", name="Vera Holt")
    await owner.execute(
        "insert into provider_licences select practice_id, id, 'CA', 'A1', $2 from providers where id = $1",
        provider, datetime.now(UTC).date() + timedelta(days=90),
    )  # fmt: skip
    assert json.loads(desk("slots", "--state", "ca", "--json").out) == [], "nobody agreed yet"
    desk("agreements", "add", "GlowOffice", "FarExams")
    desk("agreements", "add", "RivalOffice", "FarExams")
    (offer,) = json.loads(desk("slots", "--state", "ca", "--json").out)
    assert (offer["provider_id"], offer["name"], offer["licence_number"]) == (provider, "Vera Holt", "A1")
    assert json.loads(desk("slots", "--state", "NV", "--json").out) == []


async def test_what_became_of_a_visit(desk: Prompt, dana: int, owner: asyncpg.Connection) -> None:
    visit = await owner.fetchval("select min(id) from bookings")
    await owner.execute(
        "insert into booking_steps"
        " (practice_id, booking_id, status, provider_id, location_id, starts_at, minutes, actor, at)"
        " select practice_id, id, 'Cancelled', provider_id, location_id, starts_at, minutes, 'key:9', now()"
        " from bookings where id = $1",
        visit,
    )
    told = json.loads(desk("history", "visit", str(visit), "--json").out)
    assert [(change["field"], change["before"], change["after"]) for change in told] == [
        ("Status", None, "Booked"), ("Time", None, f"{MONDAY} 10:00, 30 minutes"), ("Provider", None, str(dana)),
        ("Location", None, "loc_glow"), ("Status", "Booked", "Cancelled"),
    ]  # fmt: skip
    assert told[-1]["actor"] == "key:9"
    assert await owner.fetchval("select count(*) from audit where action = 'booking.history_read'") == 1
    ran = desk("history", "visit", "99999")
    assert (ran.code, ran.out) == (3, "") and "There is no visit 99999." in ran.err
