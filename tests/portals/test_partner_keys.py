"""/partner/keys: a partner's own keys, nobody else's, and no secret of any."""

import csv
import io

import asyncpg
from cast import Cast
from client import Client
from portals.signing import as_partner


async def test_it_shows_ones_own_keys_and_nobody_elses(glow_emr: Client) -> None:
    browser = await as_partner(glow_emr, Cast.PARTNER_KEY)
    page, sheet = (await browser.get("/partner/keys")).text, (await browser.get("/partner/keys.csv")).text
    for text in (page, sheet):
        assert "oms_test_Glo" in text and "GlowOffice" in text and "Active" in text
        assert "Rival" not in text and "oms_test_Riv" not in text
        assert Cast.PARTNER_KEY not in text
    assert len(list(csv.DictReader(io.StringIO(sheet)))) == 2
    assert "signed in with it" in page


async def test_each_state_is_named(glow_emr: Client) -> None:
    browser = await as_partner(glow_emr, Cast.GLOW_KEY)
    rows = list(csv.DictReader(io.StringIO((await browser.get("/partner/keys.csv")).text)))
    assert sorted(row["Status"] for row in rows) == ["Active", "Active", "Active", "Expired", "Revoked"]
    found = (await browser.get("/partner/keys?search=revoked")).text
    assert "Revoked" in found and "Expired" not in found


async def test_names_are_harmless(glow_emr: Client, owner: asyncpg.Connection) -> None:
    await owner.execute("update api_keys set name = '<img src=x onerror=alert(1)>'")
    browser = await as_partner(glow_emr, Cast.GLOW_KEY)
    assert "<img" not in (await browser.get("/partner/keys")).text
    await owner.execute("update api_keys set name = '=cmd()'")
    assert "'=cmd()" in (await browser.get("/partner/keys.csv")).text
