"""/partner/deliveries: a partner's own webhooks, at its key's locations; nobody else's, by no address."""

import csv
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from cast import ALLERGY, Cast, make_visit
from client import Client
from portals.signing import as_partner
from receiver import fail_first, receiver
from webhooks.sending import send_due, subscribe

from openmedspa.portals.layout.listing import BOM

HERE = "/partner/deliveries"


def sheet(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix(BOM))))


@asynccontextmanager
async def sent(emr: Client, *locations: str) -> AsyncIterator[dict[str, tuple[str, str]]]:
    """A completed visit at each location, sent once without luck: visit and event by location."""
    async with receiver(fail_first(99)) as partner:
        found = {}
        for location in locations:
            await subscribe(emr, partner.url, location)
            gfe_id = await make_visit(emr, status="Completed", location_id=location)
            await send_due(emr.house)
            found[location] = gfe_id, partner.received[-1].headers["webhook-id"]
        yield found


async def test_a_partner_sees_its_own_and_sends_it_again(glow_emr: Client, owner: asyncpg.Connection) -> None:
    async with sent(glow_emr, Cast.GLOW) as found:
        gfe_id, event_id = found[Cast.GLOW]
        browser = await as_partner(glow_emr, Cast.GLOW_KEY)
        assert f"{HERE}/{event_id}" in (await browser.get(HERE)).text
        for query, count in (("", 1), (f"search={gfe_id}", 1), (f"search={event_id}", 1), ("state=delivered", 0)):
            lines = sheet((await browser.get(f"{HERE}.csv?{query}")).text)
            assert [line["Event"] for line in lines] == [event_id] * count, query
        page = (await browser.get(f"{HERE}/{event_id}")).text
        assert "HTTP 500" in page and "Try 2 at" in page and gfe_id in page and "openmedspa webhooks" not in page
        for fact in (ALLERGY, "Lopez", "Botox"):
            assert fact not in page
        answer = await browser.post(f"{HERE}/{event_id}/replay", {"endpoint": "api"})
        assert answer.headers["location"] == f"{HERE}/{event_id}?sent=1&left_out=0"
        assert "1 delivery is on the way again." in (await browser.get(answer.headers["location"])).text
        assert await send_due(glow_emr.house) == 1
        await owner.execute("update endpoints set switched_off_at = now()")
        answer = await browser.post(f"{HERE}/{event_id}/replay")
        assert "Nothing is on the way" in (await browser.get(answer.headers["location"])).text


async def test_nobody_elses_is_found_or_sent(glow_emr: Client, rival_emr: Client, owner: asyncpg.Connection) -> None:
    async with sent(glow_emr, Cast.GLOW) as found, receiver() as other:
        gfe_id, event_id = found[Cast.GLOW]
        await subscribe(rival_emr, other.url, Cast.RIVAL)
        before = await owner.fetch("select * from deliveries")
        browser = await as_partner(glow_emr, Cast.RIVAL_KEY)
        endpoint = await owner.fetchval("select min(id) from endpoints")
        for query in ("", f"search={gfe_id}", f"search={event_id}", f"endpoint={endpoint}", "partner=1"):
            page, taken = await browser.get(f"{HERE}?{query}"), await browser.get(f"{HERE}.csv?{query}")
            assert page.status_code == 200 and sheet(taken.text) == []
            assert f"{HERE}/evt_" not in page.text and "Glow" not in page.text
        await browser.get(HERE)
        for name in (event_id, gfe_id, "evt_0"):
            assert (await browser.get(f"{HERE}/{name}")).status_code == 404
            await browser.get(HERE)
            assert (await browser.post(f"{HERE}/{name}/replay")).status_code == 404
        assert await owner.fetch("select * from deliveries") == before


async def test_a_narrow_key_sees_its_location_only(glow_emr: Client, owner: asyncpg.Connection) -> None:
    async with sent(glow_emr, Cast.GLOW, Cast.GLOW_SECOND) as found:
        near, far = found[Cast.GLOW], found[Cast.GLOW_SECOND]
        whole, narrow = [await as_partner(glow_emr, key) for key in (Cast.GLOW_KEY, Cast.NARROW_KEY)]
        assert {line["Visit"] for line in sheet((await whole.get(f"{HERE}.csv")).text)} == {near[0], far[0]}
        assert {line["Visit"] for line in sheet((await narrow.get(f"{HERE}.csv")).text)} == {near[0]}
        for sought in far:
            assert sheet((await narrow.get(f"{HERE}.csv?search={sought}")).text) == []
        assert (await narrow.get(f"{HERE}/{far[1]}")).status_code == 404
        await narrow.get(HERE)
        assert (await narrow.post(f"{HERE}/{far[1]}/replay")).status_code == 404
        assert "sent=1" in (await narrow.post(f"{HERE}/{near[1]}/replay")).headers["location"]


async def test_without_the_scope_a_page_says_so(glow_emr: Client) -> None:
    async with sent(glow_emr, Cast.GLOW) as found:
        event_id = found[Cast.GLOW][1]
        browser = await as_partner(glow_emr, Cast.SCOPELESS_KEY)
        answer = await browser.get(HERE)
        assert answer.status_code == 403 and "Your key cannot see webhooks." in answer.text
        for path in (f"{HERE}.csv", f"{HERE}/{event_id}"):
            refused = await browser.get(path)
            assert refused.status_code == 403 and event_id[:12] not in refused.text.replace(path, "")
        await browser.get(HERE)
        assert (await browser.post(f"{HERE}/{event_id}/replay")).status_code == 403


async def test_a_form_needs_its_token_and_a_session(glow_emr: Client) -> None:
    async with sent(glow_emr, Cast.GLOW) as found:
        event_id = found[Cast.GLOW][1]
        browser = await as_partner(glow_emr, Cast.GLOW_KEY)
        await browser.get(HERE)
        assert (await browser.post(f"{HERE}/{event_id}/replay", csrf="x")).status_code == 403
        browser.http.cookies.clear()
        for path in (HERE, f"{HERE}.csv", f"{HERE}/{event_id}"):
            answer = await browser.get(path)
            assert answer.status_code == 303 and "/partner/sign-in" in answer.headers["location"]
