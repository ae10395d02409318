"""The dashboard tells what was called, to the last call: tiles, chart, tables and files; of two processes together."""

import asyncio
import csv
import io
import re
from collections.abc import AsyncIterator

import asyncpg
import msgspec
import pytest
from cast import Cast, at_home
from client import Client, open_client
from portals.signing import Browser, as_partner, open_admin

from openmedspa.settings import Settings
from openmedspa.usage import calls

TILE = re.compile(r"<dt>(.*?)</dt><dd>(.*?)</dd>")
EMPTY = {"Total Calls": "0", "Success Rate": "0%", "Avg Duration": "0ms", "Error Count": "0"}
TABLES = {
    "API keys": ["Name", "Partner", "PPass", "Scopes", "Last Used", "Status"],
    "API Access Requests": ["Time", "Company", "Practice", "Contact", "Requested Scopes", "Status", "Action"],
    "Recent activity": ["Time", "Method", "Endpoint", "Status", "Duration", "Partner", "IP"],
}
ROUNDS, AT_ONCE = 50, 10


@pytest.fixture
async def signed(settings: Settings) -> AsyncIterator[tuple[Browser, Client]]:
    async with open_admin(settings) as both:
        yield both


@pytest.fixture
def admin(signed: tuple[Browser, Client]) -> Browser:
    return signed[0]


async def a_round(client: Client) -> None:
    """Ten calls: five good ones, four that are refused, one that takes its time."""
    emr, stranger = client.with_key(Cast.GLOW_KEY), client.with_key(None)
    await asyncio.gather(
        *(emr.get("/emr/treatments") for _ in range(4)), emr.get("/emr/visits/gfe_nothere"), emr.get("/emr/nowhere"),
        client.with_key(Cast.RIVAL_KEY).get("/emr/treatments"), stranger.get("/emr/treatments"), stranger.get("/v1/me"),
        emr.post("/emr/appointments", at_home()),
    )  # fmt: skip


def tiles(text: str) -> dict[str, str]:
    return dict(TILE.findall(text.partition('<dl class="tiles">')[2].partition("</dl>")[0]))


def cells(text: str, table: str) -> list[list[str]]:
    """The words of each cell of a table's body."""
    body = text.replace("<wbr>", "").partition(f'id="{table}"')[2].partition("</tbody>")[0]
    return [
        [re.sub(r"<.*?>|\s+", " ", cell).strip() for cell in re.findall(r"<td.*?>(.*?)</td>", row, re.DOTALL)]
        for row in re.findall(r"<tr.*?</tr>", body, re.DOTALL)
    ]


async def test_the_empty_page_says_nothing_in_the_documents_words(admin: Browser) -> None:
    text = (await admin.get("/admin")).text
    assert tiles(text) == EMPTY
    for words in ("Dashboard Overview", "Multi-Tenant Enabled", "API Usage (Last 7 Days)", ">Partners<", ">API Keys<",
                  ">API Access Requests<", ">Recent Activity<", "No calls yet."):  # fmt: skip
        assert words in text, words
    assert [row[1:] for row in cells(text, "days")] == [["0", "0", "0%", "0ms"]] * 7
    assert "not recorded" not in text and "hx-sse:connect" in text


async def test_a_thousand_calls_of_two_processes_are_read_back_everywhere(
    signed: tuple[Browser, Client], settings: Settings, owner: asyncpg.Connection
) -> None:
    admin, client = signed
    async with open_client(msgspec.structs.replace(settings, admin_secret="x" * 30), None) as other:
        for _ in range(ROUNDS):
            await asyncio.gather(a_round(client), a_round(other))
            await asyncio.gather(calls.write(client.house), calls.write(other.house))
    total, errors = 2 * ROUNDS * AT_ONCE, 2 * ROUNDS * 4
    assert total == 1000
    logged = await owner.fetchrow("select count(*), sum(duration_us) as us, max(duration_us) as most from calls")
    text = (await admin.get("/admin?period=24h")).text
    assert tiles(text).items() >= {"Total Calls": "1,000", "Success Rate": "60%", "Error Count": "400"}.items()
    average = f"{logged['us'] / 1000 / 1000:.1f}ms".replace(".0ms", "ms") if logged["us"] < 9_950_000 else None
    assert average is None or tiles(text)["Avg Duration"] == average
    for period in ("7d", "30d", "90d", "all"):
        assert tiles((await admin.get(f"/admin?period={period}")).text) == tiles(text), period
    days = cells(text, "days")
    assert [sum(int(row[place].replace(",", "")) for row in days) for place in (1, 2)] == [total, errors]
    assert len(days) == 7 and "1,000 calls, 400 errors" in text.partition("<svg")[2]
    routes = {row[0]: row[1:3] for row in cells(text, "routes")}
    assert routes["GET /emr/treatments"] == ["600", "100"] and routes["GET (unknown path)"] == ["100", "100"]
    assert routes["POST /emr/appointments"] == ["100", "0"]

    usage = list(csv.DictReader(io.StringIO((await admin.get("/admin/usage.csv")).text)))
    assert [sum(int(row[name]) for row in usage) for name in ("Calls", "Errors")] == [total, errors]
    file = list(csv.DictReader(io.StringIO((await admin.get("/admin/activity.csv")).text)))
    assert len({row["Request id"] for row in file}) == len(file) == total
    assert sum(int(row["Status"]) >= 400 for row in file) == errors
    assert len(cells(text, "calls")) == 10
    slowest = cells((await admin.get("/admin/activity?sort=slowest")).text, "calls")[0]
    assert slowest[4].removesuffix("ms") in (f"{logged['most'] / 1000:,.0f}", f"{logged['most'] / 1000:.1f}")

    partner = await as_partner(client, Cast.RIVAL_KEY)
    assert tiles((await partner.get("/partner")).text).items() >= {"Total Calls": "100", "Error Count": "0"}.items()
    own = list(csv.DictReader(io.StringIO((await partner.get("/partner/usage.csv?period=24h")).text)))
    assert sum(int(row["Calls"]) for row in own) == 100 and len(own) == 24


async def test_every_table_of_the_document_has_its_columns(
    signed: tuple[Browser, Client], owner: asyncpg.Connection
) -> None:
    admin, client = signed
    await client.with_key(Cast.GLOW_KEY).get("/emr/treatments")
    await calls.write(client.house)
    text = (await admin.get("/admin")).text
    for caption, columns in TABLES.items():
        head = text.partition(f"<caption>{caption}</caption>")[2].partition("</thead>")[0]
        found = re.findall(r"<th .*?>(.*?)</th>", head, re.DOTALL)
        assert [re.sub("<.*?>", "", title) for title in found] == columns or not head, caption
    assert "<caption>API keys</caption>" in text and "<caption>Recent activity</caption>" in text
    for path in ("/admin/partners", "/admin/keys", "/admin/requests", "/admin/activity"):
        assert f'class="more" href="{path}"' in text


async def test_calls_that_were_not_recorded_are_admitted_to_operators(
    admin: Browser, owner: asyncpg.Connection
) -> None:
    await owner.execute("insert into call_gaps (at, calls) values (now(), 1200), (now() - interval '20 days', 1)")
    assert "1,200 calls not recorded" in (await admin.get("/admin")).text
    assert "1,201 calls not recorded" in (await admin.get("/admin?period=all")).text


async def test_an_unknown_period_is_seven_days(admin: Browser) -> None:
    text = (await admin.get("/admin?period=%3Cb%3E")).text
    assert 'href="/admin" aria-current="true">7 days' in text and "<b>" not in text


async def test_a_partners_page_is_empty_in_the_same_words(signed: tuple[Browser, Client]) -> None:
    partner = await as_partner(signed[1], Cast.RIVAL_PARTNER_KEY)
    text = (await partner.get("/partner")).text
    assert tiles(text) == EMPTY and "No errors." in text and "1 live key" in text
    assert f"{Cast.RIVAL_PARTNER_KEY[:12]}…{Cast.RIVAL_PARTNER_KEY[-4:]}" in text
    assert Cast.RIVAL_PARTNER_KEY not in text and "Never" in text
