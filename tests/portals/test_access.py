"""From a stranger's form to a working key, through pages and mails only; and where the way ends before."""

import asyncio
import re

import asyncpg
import pytest
from cast import Cast
from partners.asking_access import (
    APPROVAL,
    ASKED,
    OPERATOR,
    OWNER,
    answered,
    approve,
    ask,
    confirmed,
    deny,
    key_in,
    link_in,
    name_owner,
    shown,
    status,
    told,
    with_operator,
)
from portals.signing import Browser, open_admin

from openmedspa.settings import Settings

ASKER = ASKED["ContactEmail"]
GLOBAL = {name: value for name, value in APPROVAL.items() if name != "scope.Prospects"}


async def test_a_stranger_gets_a_working_key_and_everybody_is_told(
    settings: Settings, owner: asyncpg.Connection
) -> None:
    async with open_admin(with_operator(settings)) as (browser, client):
        house = client.house
        await name_owner(house)
        sent = await ask(browser)
        assert (sent.status_code, sent.headers["location"]) == (303, "/request-access?done=sent")
        assert "Look into your mailbox" in (await browser.get("/request-access?done=sent")).text
        confirm = await link_in(house, "access_confirm", ASKER)
        number = int(confirm.split("/")[2].split(".")[0])
        await browser.get(confirm)
        assert await status(browser, number) == "Unconfirmed"  # a scanner that opens links confirms nothing
        for _ in range(2):
            await answered(browser, confirm)
        assert "is confirmed" in (await browser.get(confirm)).text
        assert await status(browser, number) == "New"
        assert (await approve(browser, number)).status_code == 303
        assert await status(browser, number) == "Waits for the owner"
        decision = await link_in(house, "access_owner", OWNER)
        page = (await browser.get(decision)).text
        assert "Quillhaven Bookings" in page and "read and write people who are not patients yet" in page
        assert (await answered(browser, decision, answer="agree")).status_code == 303
        assert await status(browser, number) == "Approved"
        path = await link_in(house, "access_approved", ASKER)
        assert not key_in((await browser.get(path)).text)
        taken = await answered(browser, path)
        key = key_in(taken.text)
        assert key and taken.headers["cache-control"] == "no-store"
        assert await status(browser, number) == "Key taken"
        partner = await client.as_partner(key, "GlowOffice")
        me = (await partner.get("/v1/me")).json["data"]
        assert (me["Company"], me["Scopes"]) == ("Quillhaven Bookings", ["KB", "Prospects"])
        assert (await partner.get("/v1/GlowOffice/prospects")).status == 200
        assert (await partner.get("/v1/GlowOffice/tickets")).fault[1] == "scope_missing"
        for again in (await browser.get(path), await answered(browser, path)):
            assert "was shown already" in again.text and not key_in(again.text)
        assert await told(house) == [
            ("access_confirm", ASKER), ("access_asked", OPERATOR), ("access_owner", OWNER),
            ("access_approved", ASKER), ("access_answered", OPERATOR), ("access_opened", OWNER),
        ]  # fmt: skip
        actions = [row["action"] for row in await owner.fetch("select action from audit where action like 'access%'")]
        assert sorted(actions) == ["access.approved", "access.confirmed", "access.key_taken", "access.owner_agreed"]


async def test_an_owner_refuses_with_a_reason_and_the_asker_reads_it(settings: Settings) -> None:
    async with open_admin(with_operator(settings)) as (browser, client):
        await name_owner(client.house)
        number = await confirmed(browser, client.house)
        await approve(browser, number)
        decision = await link_in(client.house, "access_owner", OWNER)
        for form in ({}, {"answer": "refuse", "reason": "  "}, {"answer": "maybe"}):
            assert (await answered(browser, decision, **form)).status_code == 400
        assert await status(browser, number) == "Waits for the owner"
        await answered(browser, decision, answer="refuse", reason="We have a booking page <of our own>.")
        assert await status(browser, number) == "Denied"
        page = (await browser.get(decision)).text
        assert "You refused" in page and "&lt;of our own&gt;" in page
        mail = (await shown(client.house, "access_denied", ASKER)).text
        assert "booking page <of our own>." in mail and "was denied by the owner of GlowOffice." in mail
        history = (await browser.get(f"/admin/requests/{number}")).text.partition("What happened")[2]
        assert "Owner refused: We have a booking page" in history and "owner:" not in history and OWNER in history
        assert "refused" in (await shown(client.house, "access_answered", OPERATOR)).text
        assert (await answered(browser, decision, answer="agree")).status_code == 409
        assert await status(browser, number) == "Denied"


async def test_a_former_owners_link_decides_nothing(settings: Settings, owner: asyncpg.Connection) -> None:
    async with open_admin(with_operator(settings)) as (browser, client):
        await name_owner(client.house)
        number = await confirmed(browser, client.house)
        await approve(browser, number)
        decision = await link_in(client.house, "access_owner", OWNER)
        await owner.execute("update practices set owner_email = 'new.owner@example.com'")
        answer = await answered(browser, decision, answer="agree")
        assert answer.status_code == 409 and "another owner" in answer.text
        assert await status(browser, number) == "Waits for the owner"


async def test_a_key_is_named_after_the_longest_company(settings: Settings, owner: asyncpg.Connection) -> None:
    async with open_admin(settings) as (browser, client):
        number = await confirmed(browser, client.house, Company="Q" * 200)
        await approve(browser, number, GLOBAL)
        assert key_in((await answered(browser, await link_in(client.house, "access_approved", ASKER))).text)
        name = await owner.fetchval("select name from api_keys order by id desc limit 1")
        assert len(name) == 200 and name.endswith(f"Q, request {number}")


async def test_global_scopes_alone_need_no_owner(settings: Settings) -> None:
    async with open_admin(settings) as (browser, client):
        number = await confirmed(browser, client.house)
        assert (await approve(browser, number, GLOBAL)).status_code == 303
        assert await status(browser, number) == "Approved"
        path = await link_in(client.house, "access_approved", ASKER)
        partner = await client.as_partner(key_in((await answered(browser, path)).text), "GlowOffice")
        assert (await partner.get("/v1/kb")).status == 200
        assert (await partner.get("/v1/GlowOffice/prospects")).fault[1] == "scope_missing"
        assert await told(client.house) == [
            ("access_confirm", ASKER),
            ("access_approved", ASKER),
        ]  # no operator's address


@pytest.mark.parametrize("company", ["", "Glow Partner"], ids=["a new partner", "one that is there"])
async def test_of_those_who_take_the_key_at_once_one_gets_it(
    settings: Settings, owner: asyncpg.Connection, company: str
) -> None:
    async with open_admin(settings) as (browser, client):
        number = await confirmed(browser, client.house)
        partner = await owner.fetchval("select id from partners where name = $1", company)
        assert (await approve(browser, number, {**GLOBAL, "partner": str(partner or "new")})).status_code == 303
        path = await link_in(client.house, "access_approved", ASKER)
        await browser.get(path)
        answers = await asyncio.gather(*(browser.post(path) for _ in range(4)))
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
        assert len([answer for answer in answers if key_in(answer.text)]) == 1
        assert len([answer for answer in answers if "was shown already" in answer.text]) == 3
        name = f"Quillhaven Bookings, request {number}"
        assert await owner.fetchval("select count(*) from api_keys where name = $1", name) == 1


async def test_a_link_opens_what_it_was_made_for_and_nothing_else(settings: Settings) -> None:
    async with open_admin(settings) as (browser, client):
        await name_owner(client.house)
        number = await confirmed(browser, client.house)
        other = await confirmed(browser, client.house, ContactEmail="other@quillhaven.example.com")
        await approve(browser, number)
        confirm = await link_in(client.house, "access_confirm", ASKER)
        decision = await link_in(client.house, "access_owner", OWNER)
        tokens = {"confirm": confirm.split("/")[2], "decision": decision.split("/")[2]}
        wrong = [
            f"/access/{token}/{purpose}" for own, token in tokens.items()
            for purpose in ("confirm", "key", "decision") if purpose != own
        ]  # fmt: skip
        mac = tokens["decision"].split(".")[1]
        wrong += [f"/access/{other}.{mac}/decision", f"/access/999.{mac}/decision", "/access/x/key", "/access/1./key"]
        pages = set()
        for path in wrong:
            for answer in (await browser.get(path), await answered(browser, path)):
                assert answer.status_code == 404, path
                pages.add(re.sub(r"req_\w+|nonce-?\S+", "", answer.text))
        assert len(pages) == 1
        await answered(browser, decision, answer="agree")
        key = await link_in(client.house, "access_approved", ASKER)
        for path in (decision.replace("/decision", "/key"), key.replace("/key", "/decision")):
            assert (await browser.get(path)).status_code == 404
            answer = await answered(browser, path, answer="agree")
            assert answer.status_code == 404 and not key_in(answer.text)
        assert await status(browser, number) == "Approved"


async def test_links_end_and_approving_anew_sends_others(settings: Settings, owner: asyncpg.Connection) -> None:
    async with open_admin(settings) as (browser, client):
        number = await confirmed(browser, client.house)
        await approve(browser, number, GLOBAL)
        old = await link_in(client.house, "access_approved", ASKER)
        await owner.execute("update access_requests set approved_at = approved_at - interval '15 days'")
        old = await link_in(client.house, "access_approved", ASKER)
        assert await status(browser, number) == "Lapsed"
        assert "This link has ended" in (await browser.get(old)).text
        assert not key_in((await answered(browser, old)).text)
        assert (await approve(browser, number, {**GLOBAL, "seen": "Lapsed"})).status_code == 303
        assert (await browser.get(old)).status_code == 404
        assert key_in((await answered(browser, await link_in(client.house, "access_approved", ASKER))).text)


async def test_what_was_approved_may_be_denied_until_the_key_is_taken(settings: Settings) -> None:
    async with open_admin(settings) as (browser, client):
        number = await confirmed(browser, client.house)
        await approve(browser, number, GLOBAL)
        path = await link_in(client.house, "access_approved", ASKER)
        assert (await deny(browser, number, "A mistake of ours.", seen="Approved")).status_code == 303
        answer = await answered(browser, path)
        assert "was denied" in answer.text and "A mistake of ours." in answer.text and not key_in(answer.text)


@pytest.mark.parametrize("is_known", [True, False])
async def test_the_form_says_the_same_of_every_practice_and_company(settings: Settings, is_known: bool) -> None:
    async with open_admin(settings) as (browser, client):
        practice, company = ("GlowOffice", "Glow EMR") if is_known else ("NowhereOffice", "Nobody at all")
        answer = await ask(browser, Practice=practice, Company=company)
        assert (answer.status_code, answer.headers["location"]) == (303, "/request-access?done=sent")
        message = await shown(client.house, "access_confirm", ASKER)
        # It goes to an address that nobody has confirmed: it carries no word of whoever filled in the form.
        for words in (practice, company, ASKED["ContactName"], ASKED["Purpose"]):
            assert words not in message.text + message.html + message.subject


async def test_a_form_that_is_wrong_keeps_what_was_typed_and_names_each_field(settings: Settings) -> None:
    async with open_admin(settings) as (browser, client):
        answer = await ask(browser, Company="<img src=x>", ContactEmail="nobody", Practice=" ", Scopes=[], Purpose="")
        assert answer.status_code == 400
        for name in ("ContactEmail", "Practice", "Scopes", "Purpose"):
            assert f'href="#{name}"' in answer.text
        assert 'href="#Company"' not in answer.text
        assert '<a href="#Purpose">Say what it is for.</a>' in answer.text
        assert "&lt;img src=x&gt;" in answer.text and "<img" not in answer.text
        assert await told(client.house) == []


async def test_a_form_without_its_token_is_refused(settings: Settings) -> None:
    async with open_admin(settings) as (browser, client):
        await browser.get("/request-access")
        stranger = Browser(client.http)
        assert (await stranger.post("/request-access", {"Company": "x"}, csrf="")).status_code == 403
        foreign = await client.http.post(
            "/request-access", data={"csrf": browser.csrf}, headers={"origin": "https://evil.example.com"}
        )
        assert foreign.status_code == 403


async def test_a_partners_wide_keys_ask_the_owner_too(settings: Settings, owner: asyncpg.Connection) -> None:
    """A key without locations reaches whatever its partner is granted: also by a request for the knowledge base."""
    async with open_admin(settings) as (browser, client):
        await name_owner(client.house)
        rival = await owner.fetchval("select id from partners where name = 'Rival Partner'")
        number = await confirmed(browser, client.house, Company="Rival Partner", Practice="glowoffice")
        assert "There is a partner of this name already" in (await browser.get(f"/admin/requests/{number}")).text
        taken = await approve(browser, number, {**GLOBAL, "partner_name": "Rival Partner"})
        assert taken.status_code == 400 and "choose it, or give the new one another name" in taken.text
        assert (await approve(browser, number, {**GLOBAL, "partner": str(rival)})).status_code == 303
        assert await status(browser, number) == "Waits for the owner"
        decision = await link_in(client.house, "access_owner", OWNER)
        page = (await browser.get(decision)).text
        assert "Keys that Rival Partner has already would reach these locations as well" in page
        assert (await client.post("/v1/GlowOffice/auth/token", {"apiKey": Cast.RIVAL_PARTNER_KEY})).status == 401
        await answered(browser, decision, answer="agree")
        key = key_in((await answered(browser, await link_in(client.house, "access_approved", ASKER))).text)
        assert (await (await client.as_partner(key, "GlowOffice")).get("/v1/kb")).status == 200
        assert await owner.fetchval("select count(*) from partners where name like 'Rival Partner%'") == 1
