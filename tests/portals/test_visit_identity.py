"""Who opened the link: the date of birth as the second fact, how often it may be wrong, and the session after it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import msgspec
import pytest
from cast import ANA, at_home, in_person, make_visit
from client import Client, open_client
from portals.visiting import ANAS, ANSWERS, WRONG, make_in_person, visiting

from openmedspa.invitations import jobs
from openmedspa.settings import Settings

COUNTS = "select wrong_in_row, wrong_in_all from identity_guesses"
MISTAKES: list[tuple[dict[str, str], str, str]] = [
    ({**ANAS, "month": ""}, "Choose the month you were born.", "month"),
    ({**ANAS, "month": "13"}, "Choose the month you were born.", "month"),
    ({**ANAS, "day": " "}, "Enter the day you were born.", "day"),
    ({**ANAS, "day": "32"}, "The day must be a number from 1 to 31.", "day"),
    ({**ANAS, "day": "1st"}, "The day must be a number from 1 to 31.", "day"),
    ({**ANAS, "year": ""}, "Enter the year you were born.", "year"),
    ({**ANAS, "year": "90"}, "Write the year with four digits, such as 1985.", "year"),
    ({**ANAS, "year": "19xx"}, "Write the year with four digits, such as 1985.", "year"),
    ({"month": "2", "day": "30", "year": "1990"}, "February 1990 has no day 30.", "day"),
    ({"month": "2", "day": "29", "year": "2001"}, "February 2001 has no day 29.", "day"),
    ({**ANAS, "year": "2999"}, "This date is in the future.", "year"),
    ({**ANAS, "year": "1801"}, "This date is more than 130 years ago.", "year"),
    ({**ANAS, "year": "0000"}, "October 0 has no day 27", "day"),
]


async def test_the_first_opening_keeps_the_date_and_later_ones_must_match(
    glow_emr: Client, owner: asyncpg.Connection
) -> None:
    gfe_id = await make_visit(glow_emr)
    async with visiting(glow_emr, gfe_id) as ana:
        await ana.confirm()
        assert "Hello Ana" in ana.text
    kept = await owner.fetchrow("select v.dob, p.dob from visits v join patients p on p.id = v.patient_id")
    assert [str(dob) for dob in kept] == ["1990-10-27"] * 2
    assert (await glow_emr.get(f"/emr/visits/{gfe_id}")).json["data"]["patient_details"]["dob"] == "10-27-1990"
    async with visiting(glow_emr, gfe_id) as somebody:
        assert (await somebody.confirm(WRONG)).status_code == 403
        assert "This is not the date of birth we have for this visit." in somebody.text
        assert (somebody.value("day"), somebody.value("year")) == ("26", "1990"), "what was typed is kept"
        assert (await somebody.confirm()).status_code == 200
        assert "Hello Ana" in somebody.text


async def test_the_first_opening_fills_no_record_that_says_otherwise(
    glow_emr: Client, owner: asyncpg.Connection
) -> None:
    gfe_id = await make_visit(glow_emr)
    await owner.execute("update patients set dob = '1991-01-01'")
    async with visiting(glow_emr, gfe_id) as ana:
        await ana.confirm()
    kept = await owner.fetchrow("select v.dob, p.dob from visits v join patients p on p.id = v.patient_id")
    assert [str(dob) for dob in kept] == ["1990-10-27", "1991-01-01"]


async def test_a_date_told_by_link_lets_an_order_in_person_find_the_patient(
    glow_emr: Client, owner: asyncpg.Connection
) -> None:
    async with visiting(glow_emr, await make_visit(glow_emr)) as ana:
        await ana.confirm()
    await glow_emr.post("/emr/in-person", in_person())
    assert await owner.fetchval("select count(*) from patients") == 1


async def test_two_who_open_it_first_at_once_cannot_both_be_right(glow_emr: Client, owner: asyncpg.Connection) -> None:
    gfe_id = await make_visit(glow_emr)
    async with visiting(glow_emr, gfe_id) as one, visiting(glow_emr, gfe_id) as other:
        pages = await asyncio.gather(one.confirm(ANAS), other.confirm(WRONG))
    assert sorted(page.status_code for page in pages) == [200, 403]
    assert await owner.fetchval("select wrong_in_all from identity_guesses") == 1


@pytest.mark.parametrize(("born", "sentence", "field"), MISTAKES)
async def test_what_is_no_date_is_named_and_is_no_guess(
    glow_emr: Client, owner: asyncpg.Connection, born: dict[str, str], sentence: str, field: str
) -> None:
    async with visiting(glow_emr, await make_in_person(glow_emr)) as ana:
        assert (await ana.confirm(born)).status_code == 400
        assert sentence in ana.text
        assert f'href="#{field}"' in ana.page.text
        assert ana.value("year") == born["year"] and ana.value("day") == born["day"]
    assert await owner.fetch(COUNTS) == []
    assert await owner.fetchval("select count(*) from visit_sessions") == 0


async def test_a_minor_is_recorded_and_goes_on(glow_emr: Client) -> None:
    async with visiting(glow_emr, await make_visit(glow_emr)) as ana:
        year = str(datetime.now(UTC).year - 12)
        await ana.confirm({**ANAS, "year": year})
        assert "Hello Ana" in ana.text


async def test_five_wrong_dates_make_a_pause_in_which_the_right_one_is_not_looked_at(
    glow_emr: Client, owner: asyncpg.Connection
) -> None:
    async with visiting(glow_emr, await make_in_person(glow_emr)) as ana:
        assert [(await ana.confirm(WRONG)).status_code for _ in range(5)] == [403, 403, 403, 403, 429]
        assert "try again in 15 minutes" in ana.text and 'name="day"' not in ana.page.text
        assert 0 < int(ana.page.headers["retry-after"]) <= 900
        assert (await ana.open()).status_code == 200 and "this page waits until" in ana.text
        assert (await ana.send("confirm", ANAS, csrf=await a_token(glow_emr, ana.address))).status_code == 429
        await owner.execute("update identity_guesses set paused_until = now() - interval '1 second'")
        assert (await ana.confirm()).status_code == 200
        assert "Hello Ana" in ana.text
    assert tuple(await owner.fetchrow(COUNTS)) == (0, 5), "what was wrong in all stays"


async def test_fifteen_wrong_dates_close_the_link_until_a_new_one_is_sent(
    glow_emr: Client, owner: asyncpg.Connection
) -> None:
    gfe_id = await make_in_person(glow_emr)
    async with visiting(glow_emr, gfe_id) as ana:
        for _ in range(3):
            for _ in range(5):
                await ana.send("confirm", WRONG, csrf=await a_token(glow_emr, ana.address))
            await owner.execute("update identity_guesses set paused_until = now() - interval '1 second'")
        assert (await ana.send("confirm", ANAS, csrf=await a_token(glow_emr, ana.address))).status_code == 403
        assert "this link is closed. Ask your practice to send you a new one." in ana.text
        await ana.open()
        assert "this link is closed" in ana.text and "<form" not in ana.page.text
    await owner.execute("update visits set link_generation = 2")
    async with visiting(glow_emr, gfe_id, 2) as ana:
        assert (await ana.confirm()).status_code == 200


async def a_token(emr: Client, address: str) -> str:
    """The form's token, which is there even while the page shows no form."""
    return emr.house.vault.link_mac("csrf", address.removeprefix("/visit/"))


async def test_twenty_guesses_at_once_are_counted_one_by_one(glow_emr: Client, owner: asyncpg.Connection) -> None:
    async with visiting(glow_emr, await make_in_person(glow_emr)) as ana:
        token = await a_token(glow_emr, ana.address)
        posts = [
            ana.http.post(
                f"{ana.address}/confirm",
                data={"csrf": token, **WRONG, "day": str(day)},
                headers={"origin": "http://test"},
            )
            for day in range(1, 21)
        ]
        statuses = [answer.status_code for answer in await asyncio.gather(*posts)]
    assert (statuses.count(403), statuses.count(429)) == (4, 16)
    assert tuple(await owner.fetchrow(COUNTS)) == (5, 5)
    assert await owner.fetchval("select count(*) from audit where action = 'identity.refused'") == 5


async def test_a_session_opens_its_own_visit_only(glow_emr: Client) -> None:
    first, second = await make_in_person(glow_emr), await make_in_person(glow_emr, requested_treatments=["Lip Filler"])
    async with visiting(glow_emr, first) as ana, visiting(glow_emr, second) as other:
        await ana.confirm()
        session = {"cookie": f"visit_session={ana.http.cookies['visit_session']}"}
        assert "Hello Ana" in (await glow_emr.http.get(ana.address, headers=session)).text
        page = await glow_emr.http.get(other.address, headers=session)
        assert "Hello Ana" not in page.text and "Lip Filler" not in page.text
        page = await other.send("answers", ANSWERS, headers={**session, "origin": "http://test"})
        assert page.status_code == 403


async def test_a_session_ends_after_an_hour_whatever_is_done_with_it(
    glow_emr: Client, owner: asyncpg.Connection
) -> None:
    async with visiting(glow_emr, await make_in_person(glow_emr)) as ana:
        await ana.confirm()
        row = await owner.fetchrow("select expires_at - created_at as lives, expires_at from visit_sessions")
        assert row["lives"] == timedelta(minutes=60)
        await ana.answer()
        await ana.open()
        assert await owner.fetchval("select expires_at from visit_sessions") == row["expires_at"]
        await owner.execute("update visit_sessions set expires_at = now()")
        await ana.open()
        assert "Hello Ana" not in ana.text
        assert await jobs.forget_ended_sessions(glow_emr.house) == 1
        await ana.confirm()
        assert await jobs.forget_ended_sessions(glow_emr.house) == 0
        assert "Hello Ana" in (await ana.open()).text


async def test_the_cookie_is_for_this_link_and_not_for_scripts(glow_emr: Client, settings: Settings) -> None:
    gfe_id = await make_in_person(glow_emr)
    https = msgspec.structs.replace(settings, public_url="https://exams.example.com")
    async with open_client(https, None) as behind_tls:
        for emr, secure in ((glow_emr, ""), (behind_tls, "; Secure")):
            async with visiting(emr, gfe_id) as ana:
                csrf = ana.csrf((await ana.open()).text)
                answer = await ana.http.post(
                    f"{ana.address}/confirm", data={"csrf": csrf, **ANAS}, headers={"origin": "http://test"}
                )
            name, _, attributes = answer.headers["set-cookie"].partition("; ")
            assert len(name.partition("=")[2]) >= 43
            assert attributes == f"Path={ana.address}; Max-Age=3600; HttpOnly; SameSite=Lax{secure}"


async def test_a_stolen_database_holds_no_session(glow_emr: Client, owner: asyncpg.Connection) -> None:
    async with visiting(glow_emr, await make_in_person(glow_emr)) as ana:
        await ana.confirm()
        session, token = ana.http.cookies["visit_session"], ana.address.partition(".")[2]
    for row in await owner.fetch("select tablename from pg_tables where schemaname = 'public'"):
        for line in await owner.fetch(f"select t::text as row from {row['tablename']} t"):
            assert session not in line["row"] and token not in line["row"], row["tablename"]


FOREIGN: list[tuple[str, dict[str, str], str | None]] = [
    ("another site", {"origin": "https://evil.example.com"}, None),
    ("no origin at all", {}, None),
    ("an opaque origin", {"origin": "null"}, None),
    ("a cross-site navigation", {"sec-fetch-site": "cross-site"}, None),
    ("no token", {"origin": "http://test"}, ""),
    ("another link's token", {"origin": "http://test"}, "another"),
    ("a token that is no ASCII", {"origin": "http://test"}, "é"),
]


@pytest.mark.parametrize(("why", "headers", "csrf"), FOREIGN, ids=[row[0] for row in FOREIGN])
@pytest.mark.parametrize("form", ["confirm", "answers"])
async def test_a_form_that_is_not_ours_changes_nothing(
    glow_emr: Client, owner: asyncpg.Connection, form: str, why: str, headers: dict[str, str], csrf: str | None
) -> None:
    async with visiting(glow_emr, await make_in_person(glow_emr)) as ana:
        await ana.confirm()
        if csrf == "another":
            csrf = await a_token(glow_emr, "/visit/another")
        before = await owner.fetch("select v::text from visits v")
        fields: dict[str, Any] = {**ANSWERS, **WRONG}
        assert (await ana.send(form, fields, headers=headers, csrf=csrf)).status_code == 403, why
        assert await owner.fetch("select v::text from visits v") == before
        assert await owner.fetch(COUNTS) == []


async def test_the_name_on_another_order_with_the_same_link_stays_apart(glow_emr: Client) -> None:
    """Two orders for one person are two visits: each asks for the date of birth by itself."""
    async with visiting(glow_emr, await make_visit(glow_emr)) as ana:
        await ana.confirm()
    second = (await glow_emr.post("/emr/appointments", at_home(patient=ANA))).json["gfe_id"]
    async with visiting(glow_emr, second) as somebody:
        assert (await somebody.confirm(WRONG)).status_code == 403, "the record knows the date by now"
