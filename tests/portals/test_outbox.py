"""/staging/outbox: what was written, for whoever sits at the server's own computer; in production it does not exist."""

import httpx2
import pytest
from cast import ANA, make_visit
from client import Client, open_client
from msgspec.structs import replace
from notifications.carriers import the_message

from openmedspa.exams.links import visit_link
from openmedspa.kit.house import House
from openmedspa.notifications.carriers import open_carriers
from openmedspa.notifications.sending import Messages
from openmedspa.portals.staging.outbox import AtTheServer
from openmedspa.routes.pages import page_table
from openmedspa.settings import Settings

LIST = "/staging/outbox"
HERE = {"host": "localhost:8000"}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A server for this computer only, as the demo is."""
    return replace(settings, public_url="http://127.0.0.1:8000")


async def look(emr: Client, path: str = LIST, **headers: str) -> httpx2.Response:
    return await emr.http.get(
        path, headers={**HERE, **{name.replace("_", "-"): text for name, text in headers.items()}}
    )


async def keep(house: House) -> None:
    async with open_carriers(house) as ways:
        await Messages(house, ways).send_due()


async def test_it_lists_and_shows_what_was_kept(glow_emr: Client, house: House) -> None:
    assert "Nothing yet" in (await look(glow_emr)).text
    gfe_id = await make_visit(glow_emr)
    await keep(house)
    page = await look(glow_emr)
    assert page.status_code == 200 and page.headers["cache-control"] == "no-store"
    assert ANA["email"] in page.text and ANA["phone"] in page.text and "kept in the outbox" in page.text
    assert visit_link(house, gfe_id) not in page.text
    assert gfe_id in (await look(glow_emr, f"{LIST}?visit={gfe_id}")).text
    assert (await look(glow_emr, f"{LIST}?visit=gfe_none")).status_code == 404
    for channel in ("email", "sms"):
        number = (await the_message(house, channel))["id"]
        page = await look(glow_emr, f"{LIST}/{number}")
        assert page.status_code == 200 and f'href="{visit_link(house, gfe_id)}"' in page.text
        html = await look(glow_emr, f"{LIST}/{number}/html")
        assert html.status_code == (200 if channel == "email" else 404)
    rows = await house.system.unscoped_rows("select action from audit where actor = 'operator' order by id")
    assert [row["action"] for row in rows][:3] == ["messages.listed", "messages.listed", "messages.listed"]


async def test_the_html_part_keeps_its_look_under_our_policy(glow_emr: Client, house: House) -> None:
    await make_visit(glow_emr)
    page = await look(glow_emr, f"{LIST}/{(await the_message(house))['id']}/html")
    assert " style=" not in page.text and "border-top:6px solid #0f766e" in page.text
    nonce = page.text.partition('<style nonce="')[2].partition('"')[0]
    assert f"'nonce-{nonce}'" in page.headers["content-security-policy"]


@pytest.mark.parametrize("path", [LIST, f"{LIST}/1", f"{LIST}/1/html", f"{LIST}/none"])
async def test_nobody_elsewhere_opens_it(glow_emr: Client, house: House, path: str) -> None:
    await make_visit(glow_emr)
    transport = glow_emr.http._transport
    assert isinstance(transport, httpx2.ASGITransport)
    for client in (("203.0.113.9", 1), ("10.0.0.1", 1), ("2001:db8::1", 1)):
        transport.client = client
        answer = await look(glow_emr, path)
        assert answer.status_code == 403 and ANA["email"] not in answer.text
    for client in (("127.0.0.1", 1), ("::1", 1), ("::ffff:127.0.0.1", 1)):
        transport.client = client
        assert (await look(glow_emr, path)).status_code in {200, 404}


@pytest.mark.parametrize(
    "headers",
    [{"x_forwarded_for": "203.0.113.9"}, {"x_forwarded_for": "127.0.0.1, 203.0.113.9"}, {"x_forwarded_for": "x"},
     {"x_real_ip": "203.0.113.9"}, {"forwarded": "for=203.0.113.9"}, {"via": "1.1 x"}, {"x_forwarded_proto": "https"},
     {"host": "evil.example.com"}, {"host": "127.0.0.1.evil.example.com"}, {"host": "exams.example.com"}],
)  # fmt: skip
async def test_neither_a_proxy_nor_a_strange_name_opens_it(glow_emr: Client, headers: dict[str, str]) -> None:
    assert (await look(glow_emr, **headers)).status_code == 403


async def test_what_is_not_there_is_not_found(glow_emr: Client) -> None:
    for number in ("0", "999", "1' or true", "9" * 40, "-1"):
        assert (await look(glow_emr, f"{LIST}/{number}")).status_code == 404


async def test_names_are_words_and_no_markup(glow_emr: Client, house: House) -> None:
    await house.system.unscoped_row(
        "update practices set name = '<script>alert(1)</script>' where ppass = 'GlowOffice'"
    )
    await make_visit(glow_emr, patient={"first_name": "<img src=x>"})
    number = (await the_message(house))["id"]
    for path in (LIST, f"{LIST}/{number}", f"{LIST}/{number}/html"):
        assert "<script" not in (await look(glow_emr, path)).text
        assert "<img" not in (await look(glow_emr, path)).text


def test_it_exists_in_staging_only() -> None:
    def paths(environment: str) -> set[str]:
        return {page.path for page in page_table("production" if environment == "production" else "staging")}

    assert LIST in paths("staging")
    assert not [path for path in paths("production") if path.startswith("/staging")]
    outbox = [page.access for page in page_table("staging") if page.path.startswith(LIST)]
    assert len(outbox) == 3 and all(isinstance(access, AtTheServer) for access in outbox)


async def test_a_server_with_a_public_address_shows_nobody(settings: Settings) -> None:
    """A proxy beside it that hands strangers on without a word looks like somebody at this computer."""
    async with open_client(replace(settings, public_url="https://exams.example.com"), None) as client:
        for host in ("127.0.0.1:8000", "exams.example.com"):
            answer = await client.http.get(LIST, headers={"host": host})
            assert answer.status_code == 403
