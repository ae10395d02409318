"""/admin/deliveries: every delivery, its tries, sending again; and never a health fact."""

import csv
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from aiohttp import web
from cast import ALLERGY, Cast, make_visit
from client import Client
from portals.signing import AS_VIEWER, Browser, open_admin
from receiver import receiver
from webhooks.sending import send_due, subscribe

from openmedspa.portals.layout.listing import BOM
from openmedspa.settings import Settings

HERE = "/admin/deliveries"
MANY = """
insert into deliveries (practice_id, event_id, endpoint_id, failed_at, created_at)
select d.practice_id, 'evt_' || lpad(n::text, 32, '0'), d.endpoint_id, now(),
       timestamptz '2026-01-01' + n * interval '1 s'
from deliveries d, generate_series(1, 2500) n
"""
MANY_EVENTS = """
insert into events (practice_id, id, kind, visit_id, record_version, occurred_at)
select practice_id, 'evt_' || lpad(n::text, 32, '0'), kind, visit_id, record_version, occurred_at
from events, generate_series(1, 2500) n
"""


@pytest.fixture
async def opened(settings: Settings) -> AsyncIterator[tuple[Browser, Client]]:
    async with open_admin(settings) as (browser, client):
        yield browser, client.with_key(Cast.GLOW_KEY)


@asynccontextmanager
async def one_sent(emr: Client, *, status: int = 200, is_echo: bool = False) -> AsyncIterator[tuple[str, str]]:
    """A completed visit that was sent once: its id and its event's, while the endpoint is there."""

    async def respond(_number: int) -> web.Response:
        return web.Response(status=status, body=partner.received[-1].body if is_echo else b"we <b>are</b> closed")

    async with receiver(respond) as partner:
        await subscribe(emr, partner.url)
        gfe_id = await make_visit(emr, status="Completed")
        await send_due(emr.house)
        yield gfe_id, partner.received[0].headers["webhook-id"]


def sheet(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix(BOM))))


async def test_a_delivery_is_listed_and_taken_along(opened: tuple[Browser, Client]) -> None:
    browser, emr = opened
    async with one_sent(emr, status=500) as (gfe_id, event_id):
        page = (await browser.get(HERE)).text
        assert event_id[:12] in page and "Waiting" in page and "Glow EMR" in page and "HTTP 500" in page
        (line,) = sheet((await browser.get(f"{HERE}.csv")).text)
        assert (line["Event"], line["Partner"], line["State"]) == (event_id, "Glow EMR", "waiting")
        assert (line["Last status"], line["Tries"], line["Cause"]) == ("500", "1", "HTTP 500")
        for query, count in (
            (f"search={event_id}", 1), (f"search={gfe_id}", 1), ("search=evt_0", 0), ("search=gfe_0", 0),
            ("state=waiting", 1), ("state=delivered", 0), ("state=failed", 0), ("partner=99", 0), ("endpoint=99", 0),
            (f"search={event_id}&state=failed", 0), ("endpoint=%27&partner=-1&state=x&before=%27", 1),
            ("before=99999999999999999-1", 1), ("before=1-1", 0),
        ):  # fmt: skip
            answer = await browser.get(f"{HERE}?{query}")
            assert answer.status_code == 200 and answer.text.count(event_id[:12]) >= count, query
            assert (f"{HERE}/{event_id}" in answer.text) is bool(count), query
            if "before" not in query:
                assert len(sheet((await browser.get(f"{HERE}.csv?{query}")).text)) == count, query


async def test_its_page_tells_every_try_and_no_health_fact(opened: tuple[Browser, Client]) -> None:
    browser, emr = opened
    async with one_sent(emr, status=503) as (_, event_id):
        page = (await browser.get(f"{HERE}/{event_id}")).text
        assert "we &lt;b&gt;are&lt;/b&gt; closed" in page and "503" in page and "Try 2 at" in page
        assert "webhook-signature: v1,••••" in page
        for fact in (ALLERGY, "Lopez", "Botox", "ana.lopez"):
            assert fact not in page


async def test_an_answer_that_repeats_the_body_is_not_shown(opened: tuple[Browser, Client]) -> None:
    browser, emr = opened
    async with one_sent(emr, status=500, is_echo=True) as (gfe_id, event_id):
        page = (await browser.get(f"{HERE}/{event_id}")).text
        assert "not shown: it repeats what was sent" in page
        assert "Lopez" not in page and gfe_id not in page


async def test_an_admin_sends_it_again(opened: tuple[Browser, Client], owner: asyncpg.Connection) -> None:
    browser, emr = opened
    async with one_sent(emr) as (_, event_id):
        page = (await browser.get(f"{HERE}/{event_id}")).text
        assert "Delivered" in page and "openmedspa webhooks replay" not in page
        answer = await browser.post(f"{HERE}/{event_id}/replay")
        assert answer.headers["location"] == f"{HERE}/{event_id}?sent=1&left_out=0"
        assert "1 delivery is on the way again." in (await browser.get(answer.headers["location"])).text
        assert await send_due(emr.house) == 1
        to_one = {"partner": "Glow EMR", "endpoint": "api"}
        assert "sent=1" in (await browser.post(f"{HERE}/{event_id}/replay", to_one)).headers["location"]
        to_none = {"partner": "Rival EMR", "endpoint": "api"}
        assert "sent=0&left_out=0" in (await browser.post(f"{HERE}/{event_id}/replay", to_none)).headers["location"]
        await owner.execute("update endpoints set switched_off_at = now()")
        answer = await browser.post(f"{HERE}/{event_id}/replay")
        assert "1 left out" in (await browser.get(answer.headers["location"])).text
    told = await owner.fetch("select actor, subject from audit where action = 'webhook.replayed'")
    assert [tuple(row) for row in told] == [("admin-secret", event_id)] * 4


async def test_what_is_not_there_is_not_found(opened: tuple[Browser, Client]) -> None:
    browser, emr = opened
    async with one_sent(emr) as (_, event_id):
        await browser.get(f"{HERE}/{event_id}")
        for name in ("evt_0", "%27", "evt_" + "0" * 32):
            assert (await browser.get(f"{HERE}/{name}")).status_code == 404
        await browser.get(f"{HERE}/{event_id}")
        assert (await browser.post(f"{HERE}/evt_0/replay")).status_code == 404
        to_nobody = {"partner": "Nobody", "endpoint": "api"}
        assert (await browser.post(f"{HERE}/{event_id}/replay", to_nobody)).status_code == 404
        assert (await browser.post(f"{HERE}/{event_id}/replay", csrf="")).status_code == 403


async def test_a_viewer_sees_and_a_stranger_does_not(opened: tuple[Browser, Client], owner: asyncpg.Connection) -> None:
    browser, emr = opened
    async with one_sent(emr) as (_, event_id):
        page = f"{HERE}/{event_id}"
        assert "Send again" in (await browser.get(page)).text
        await owner.execute(AS_VIEWER)
        assert "Send again" not in (await browser.get(page)).text
        assert (await browser.post(f"{page}/replay")).status_code == 403
        browser.http.cookies.clear()
        for path in (HERE, page, f"{HERE}.csv"):
            answer = await browser.get(path)
            assert answer.status_code == 303 and "/admin/sign-in" in answer.headers["location"]


async def test_a_partners_name_is_words_everywhere(opened: tuple[Browser, Client], owner: asyncpg.Connection) -> None:
    browser, emr = opened
    await owner.execute("update partners set name = '=cmd()<img src=x onerror=x>' where name = 'Glow EMR'")
    async with one_sent(emr) as (_, event_id):
        for path in (HERE, f"{HERE}/{event_id}"):
            assert "<img" not in (await browser.get(path)).text
        (line,) = sheet((await browser.get(f"{HERE}.csv")).text)
        assert line["Partner"] == "'=cmd()<img src=x onerror=x>"


async def test_all_pages_together_hold_each_once(opened: tuple[Browser, Client], owner: asyncpg.Connection) -> None:
    browser, emr = opened
    async with one_sent(emr) as (_, event_id):
        await owner.execute(MANY_EVENTS)
        await owner.execute(MANY)
        taken = (await browser.get(f"{HERE}.csv")).text
        assert taken.count(BOM) == 1  # at the beginning of a file in pieces, for Excel
        lines = sheet(taken)
        assert len({line["Event"] for line in lines}) == len(lines) == 2501
        assert [line["Time"] for line in lines] == sorted((line["Time"] for line in lines), reverse=True)
        assert lines[0]["Event"] == event_id
        first = (await browser.get(HERE)).text
        older = first.rpartition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
        second = (await browser.get(older)).text
        assert [f"{HERE}/{line['Event']}" in first for line in lines[:50]] == [True] * 25 + [False] * 25
        assert [f"{HERE}/{line['Event']}" in second for line in lines[:50]] == [False] * 25 + [True] * 25
        assert ">Newest</a>" in second and ">Newest</a>" not in first
