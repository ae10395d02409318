"""The patient's link: which ones open, what they tell before the date of birth, and with which headers."""

import asyncpg
import pytest
from cast import Cast, make_visit
from client import Client
from portals.visiting import address_of, make_in_person, visiting

KIND = "This link does not work any more"
GUARDED = {
    "cache-control": "no-store",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


async def test_the_link_of_an_order_opens_the_page(glow_emr: Client) -> None:
    gfe_id = await make_in_person(glow_emr)
    async with visiting(glow_emr, gfe_id) as ana:
        assert (await ana.open()).status_code == 200
        assert "GlowOffice has invited you to an exam" in ana.text
        assert "4 to 15 minutes" in ana.text


async def test_before_the_date_of_birth_nothing_of_the_visit_is_told(glow_emr: Client) -> None:
    gfe_id = await make_visit(glow_emr)
    async with visiting(glow_emr, gfe_id) as ana:
        for more in ("", "/schedule"):
            page = (await ana.open(more)).text.replace(ana.address, "")
            for secret in ("Ana", "Lopez", "Botox", "Filler", "canary", "Processing", "example.com", gfe_id[4:]):
                assert secret not in page, secret


async def test_the_documents_short_ids_have_links_too(glow_emr: Client, owner: asyncpg.Connection) -> None:
    gfe_id = await make_visit(glow_emr)
    for table in ("visits", "visit_directory"):
        await owner.execute(f"update {table} set gfe_id = 'gfe_abc123xyz789' where gfe_id = $1", gfe_id)
    async with visiting(glow_emr, "gfe_abc123xyz789") as ana:
        assert (await ana.open()).status_code == 200


async def spoilt(emr: Client, rival: Client) -> dict[str, str]:
    """Links that are none: each by what is wrong with it."""
    own, other = await make_visit(emr), await make_visit(rival, location_id=Cast.RIVAL)
    link = address_of(emr, own)
    name, mac = link.removeprefix("/visit/").split(".")
    foreign_name = other.removeprefix("gfe_")
    return {
        "another visit's name": f"/visit/{foreign_name}.{mac}",
        "a visit that is not there": f"/visit/{'0' * 32}.{mac}",
        "one character of the proof": f"/visit/{name}.{'A' if mac[0] != 'A' else 'B'}{mac[1:]}",
        "cut short": link[:-1],
        "too long": link + "A",
        "capitals": f"/visit/{name.upper()}.{mac}",
        "no proof": f"/visit/{name}",
        "a line feed": link + "%0A",
        "a zero": link + "%00",
        "a wildcard": f"/visit/%25.{mac}",
        "not latin": f"/visit/{name}.{'é' * 22}",
        "another generation": address_of(emr, own, 2),
    }


async def test_a_link_that_is_none_tells_nothing(glow_emr: Client, rival_emr: Client) -> None:
    answers = {}
    for why, link in (await spoilt(glow_emr, rival_emr)).items():
        for method, more in (
            ("GET", ""),
            ("HEAD", ""),
            ("GET", "/schedule"),
            ("POST", "/confirm"),
            ("POST", "/answers"),
        ):
            page = await glow_emr.http.request(
                method, link + more, data={"day": "1"} if method == "POST" else None, headers={"origin": "http://test"}
            )
            assert page.status_code in (400, 404), f"{why}: {method} {page.status_code}"
            answers[why] = page.text.replace(page.headers.get("x-request-id", "-"), "")
    texts = {text for why, text in answers.items() if why not in ("a zero", "a line feed")}
    assert len(texts) == 1 and KIND in texts.pop()


async def test_raising_the_generation_ends_every_earlier_link(glow_emr: Client, owner: asyncpg.Connection) -> None:
    gfe_id = await make_in_person(glow_emr)
    async with visiting(glow_emr, gfe_id) as ana, visiting(glow_emr, gfe_id, 2) as later:
        assert (await ana.confirm()).status_code == 200
        assert (await later.open()).status_code == 404
        await owner.execute("update visits set link_generation = 2")
        assert (await ana.open()).status_code == 404, "a session must not outlive its link"
        assert (await later.open()).status_code == 200
        session = {"cookie": f"visit_session={ana.http.cookies['visit_session']}"}
        page = await glow_emr.http.get(later.address, headers=session)
        assert page.status_code == 200 and "Hello Ana" not in page.text, "the old link's session opens no new one"


@pytest.mark.parametrize("more", ["", "/schedule", "x", "/nowhere"])
async def test_every_page_has_its_headers(glow_emr: Client, more: str) -> None:
    async with visiting(glow_emr, await make_in_person(glow_emr)) as ana:
        headers = (await ana.open(more)).headers
    assert {name: headers[name] for name in GUARDED} == GUARDED
    assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'self' 'nonce-")
    assert "script-src" not in headers["content-security-policy"]


async def test_a_link_is_opened_but_never_sent_on_to_another_address(glow_emr: Client) -> None:
    async with visiting(glow_emr, await make_in_person(glow_emr)) as ana:
        for more in ("/confirm", "/answers"):
            answer = await ana.open(more)  # reloaded, or from a bookmark
            assert (answer.status_code, answer.headers["location"]) == (303, ana.address)
