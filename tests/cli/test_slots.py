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
        ("--state California", 2, "is no state of the United States.", "--state CA"),
        ("--state ZZ", 2, "“ZZ” is no state of the United States.", "--state CA"),
        ("--state CA --type NEW", 2, "--type does not go with --state.", "--duration 15"),
        ("--state CA --week", 2, "--week does not go with --state.", "--duration 15"),
        ("--state CA --location loc_glow", 2, "--location does not go with --state.", "--duration 15"),
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


async def test_a_visit_between_two_rows_says_when_it_begins(desk: Prompt, dana: int, owner: asyncpg.Connection) -> None:
    await owner.execute("update providers set step_minutes = 20 where id = $1", dana)
    await staff.put_down(owner, dana, staff.at(MONDAY, "11:15"))
    await staff.put_down(owner, dana, staff.at(MONDAY, "13:40"), minutes=20)
    monday = column(desk("slots", str(dana), MONDAY.isoformat(), "--week").lines, f"{MONDAY:%a %d}")
    assert (monday["11:00"], monday["11:20"], monday["11:40"]) == ("█11:15", "█FOLLOWUP", "█30 min")
    assert monday["13:40"].startswith("█FOLLOW"), "one row has room for no more"


async def test_a_narrow_terminal_gets_the_days_one_below_the_other(
    desk: Prompt, dana: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    ran = desk("slots", str(dana), MONDAY.isoformat(), "--week")
    names = [next(n for n, line in enumerate(ran.lines) if f"{day:%a %d}" in line) for day in (
        MONDAY, MONDAY + timedelta(days=4), MONDAY + timedelta(days=5), MONDAY + timedelta(days=6),
    )]  # fmt: skip
    assert names[0] == names[1] < names[2] == names[3]
    assert "█FOLLOWUP" in ran.out and max(map(len, ran.lines)) <= 60


async def test_who_has_no_hours_is_told_how_to_get_some(desk: Prompt, owner: asyncpg.Connection) -> None:
    provider = await staff.hire(owner, hours=((), (), ()))
    ran = desk("slots", str(provider))
    assert "has no hours at loc_glow: openmedspa import hours FILE --practice GlowOffice" in ran.out


async def test_a_day_that_offers_nothing_says_why(desk: Prompt, dana: int, owner: asyncpg.Connection) -> None:
    await owner.execute("update providers set window_days = 30 where id = $1", dana)
    far = staff.ahead(300, weekday=1)
    ran = desk("slots", str(dana), far.isoformat())
    assert f"{far:%a %d %b %Y}" in ran.out and "further ahead than the 30 days" in ran.out
    assert "it is past" in desk("slots", str(dana), "2020-01-06").out
    await staff.put_down(owner, dana, staff.at(MONDAY, "16:30"))
    await owner.execute("update visit_types set after_minutes = 240, before_minutes = 240")
    await staff.offer(owner, code="QUICK", minutes=15)
    ran = desk("slots", str(dana), MONDAY.isoformat())
    assert "nothing for so long" in ran.out
    assert f"QUICK would fit: openmedspa slots {dana} {MONDAY} --type QUICK" in ran.err


async def test_a_provider_is_asked_for_by_reference(desk: Prompt, dana: int, owner: asyncpg.Connection) -> None:
    await owner.execute("update providers set reference = 'emp-7' where id = $1", dana)
    assert asked(desk, "emp-7")["provider"]["id"] == dana


async def test_providers_are_listed_with_what_imports_ask_for(
    desk: Prompt, dana: int, owner: asyncpg.Connection
) -> None:
    idle = await staff.hire(owner, name="Ines Tolland", hours=((), (), ()))
    await owner.execute("update providers set reference = 'emp-8', ended_at = now() where id = $1", idle)
    await owner.executemany(
        "insert into provider_licences select practice_id, id, $2, 'A1', $3 from providers where id = $1",
        [(dana, "NV", staff.ahead(9)), (dana, "CA", staff.ahead(9)), (dana, "AZ", staff.ahead(-9))],
    )
    rows = json.loads(desk("providers", "list", "GlowOffice", "--json").out)
    assert rows == [
        {"id": dana, "name": "Dana Vance", "title": "NP", "specialty": "Injectables", "ppass": "GlowOffice",
         "home_location_id": "loc_glow", "reference": None, "licences": ["CA", "NV"], "hours": True, "active": True},
        {"id": idle, "name": "Ines Tolland", "title": "NP", "specialty": "Injectables", "ppass": "GlowOffice",
         "home_location_id": "loc_glow", "reference": "emp-8", "licences": [], "hours": False, "active": False},
    ]  # fmt: skip
    assert json.loads(desk("providers", "list", "RivalOffice", "--json").out) == []
    assert desk("providers", "list").lines[1].split("\t")[-2:] == ["yes", "yes"]
    assert desk("providers", "list", "Glow").code == 3


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
