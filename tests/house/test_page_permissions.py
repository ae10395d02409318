"""Who may open which page: every page of the table, asked by everybody. A page that is not listed here fails."""

import asyncio
import re
import secrets
from hashlib import sha256

import msgspec
import pytest
from accounts.signing_in import make_operator
from cast import Cast
from client import open_client
from httpx2 import AsyncClient, Response
from portals.signing import SECRET

from openmedspa.accounts import queries
from openmedspa.kit.house import House
from openmedspa.kit.pages import Page, Visitor
from openmedspa.partners import keys
from openmedspa.partners.queries import find_grant
from openmedspa.portals.entries import Members
from openmedspa.routes.pages import page_table
from openmedspa.settings import Settings

WHO = ("nobody", "viewer", "admin", "admin secret", "partner", "partner without Exams")
OPENS, SIGN_IN, FORBIDDEN = "opens", "is sent to sign in", "is refused"
# One line a page: the method and the path.
EVERYBODY = """
GET /visit/{token}
GET /visit/{token}/schedule
POST /visit/{token}/confirm
GET /visit/{token}/confirm
POST /visit/{token}/answers
GET /visit/{token}/answers
GET /docs
GET /docs.md
GET /docs/console
GET /docs/partner-console
GET /docs/{page:path}
GET /llms.txt
GET /admin/sign-in
POST /admin/sign-in
POST /admin/sign-in/secret
GET /partner/sign-in
POST /partner/sign-in
GET /request-access
POST /request-access
GET /access/{token}/confirm
POST /access/{token}/confirm
GET /access/{token}/key
POST /access/{token}/key
GET /access/{token}/decision
POST /access/{token}/decision
GET /metrics
GET /staging/look
"""
VIEWER = """
POST /admin/sign-out
POST /admin/sign-out-everywhere
GET /admin
GET /admin/usage.csv
GET /admin/activity
GET /admin/activity.csv
GET /admin/activity/live
GET /admin/activity/{request_id}
GET /admin/partners
GET /admin/partners.csv
GET /admin/partners/{partner_id}
GET /admin/keys
GET /admin/keys.csv
GET /admin/keys/{key_id}
GET /admin/requests
GET /admin/requests.csv
GET /admin/requests/{request_id}
GET /admin/deliveries
GET /admin/deliveries.csv
GET /admin/deliveries/{event_id}
GET /admin/messages
GET /admin/messages.csv
"""
ADMIN = """
POST /admin/partners
POST /admin/partners/{partner_id}
POST /admin/partners/{partner_id}/grant
POST /admin/partners/{partner_id}/withdraw
POST /admin/partners/{partner_id}/switch
POST /admin/keys
POST /admin/keys/{key_id}/rotate
POST /admin/keys/{key_id}/revoke
POST /admin/keys/{key_id}/limit
POST /admin/requests/{request_id}/approve
POST /admin/requests/{request_id}/deny
POST /admin/deliveries/{event_id}/replay
POST /admin/messages/{message_id}/resend
"""
PARTNER = """
POST /partner/sign-out
POST /partner/sign-out-everywhere
GET /partner
GET /partner/usage.csv
GET /partner/activity
GET /partner/activity.csv
GET /partner/activity/live
GET /partner/activity/{request_id}
GET /partner/keys
GET /partner/keys.csv
"""
WEBHOOKS = """
GET /partner/deliveries
GET /partner/deliveries.csv
GET /partner/deliveries/{event_id}
POST /partner/deliveries/{event_id}/replay
"""
SERVER = """
GET /staging/outbox
GET /staging/outbox/{message_id}
GET /staging/outbox/{message_id}/html
"""
CARRIER = """
POST /hooks/sms
POST /hooks/sms/status
"""

# What each of WHO meets at the pages of that list.
EXPECTED = {
    EVERYBODY: (OPENS, OPENS, OPENS, OPENS, OPENS, OPENS),
    VIEWER: (SIGN_IN, OPENS, OPENS, OPENS, SIGN_IN, SIGN_IN),
    ADMIN: (SIGN_IN, FORBIDDEN, OPENS, OPENS, SIGN_IN, SIGN_IN),
    PARTNER: (SIGN_IN, SIGN_IN, SIGN_IN, SIGN_IN, OPENS, OPENS),
    WEBHOOKS: (SIGN_IN, SIGN_IN, SIGN_IN, SIGN_IN, OPENS, FORBIDDEN),
    SERVER: (FORBIDDEN,) * len(WHO),  # from another machine than ours
    CARRIER: (FORBIDDEN,) * len(WHO),
}
LISTED = {line: outcomes for lines, outcomes in EXPECTED.items() for line in lines.split("\n") if line}


def name(page: Page) -> str:
    return f"{page.method} {page.path}"


def test_every_page_is_listed_once() -> None:
    assert sorted(LISTED) == sorted(name(page) for page in page_table("staging"))
    assert len(LISTED) == sum(len(lines.split()) // 2 for lines in EXPECTED)


def test_staging_only_adds_pages() -> None:
    added = {name(page) for page in page_table("staging")} - {name(page) for page in page_table("production")}
    assert all(line.startswith("GET /staging/") for line in added)


@pytest.mark.parametrize("who", WHO)
async def test_who_may_open_which_page(settings: Settings, who: str) -> None:
    settings = msgspec.structs.replace(settings, admin_secret=SECRET)
    async with open_client(settings, None) as client:
        ids = await account_of(client.house, who)
        met = {name(page): await meet(client.http, client.house, page, who, ids) for page in page_table("staging")}
    place = WHO.index(who)
    assert met == {line: outcomes[place] for line, outcomes in LISTED.items()}


async def account_of(house: House, who: str) -> dict[str, int]:
    """Whose session it is, as a session's row has it; none for who has no account."""
    if who == "viewer" or who == "admin":
        await make_operator(house, role="viewer" if who == "viewer" else "admin")
        row = await queries.find_operator(house.system, "olga@example.com")
        return {"operator_id": row["id"] if row else 0}
    if who.startswith("partner"):
        key = Cast.GLOW_KEY if who == "partner" else Cast.PROSPECTS_KEY
        grant = await find_grant(house.system, keys.digest(key))
        return {"key_id": grant.key_id if grant else 0}
    return {}


async def meet(http: AsyncClient, house: House, page: Page, who: str, ids: dict[str, int]) -> str:
    """Ask for the page with a session of its own, since some of them end one; forms carry the right token."""
    session_id = secrets.token_urlsafe(32)
    digest = sha256(session_id.encode()).digest()
    if ids:
        now, end = house.now(), house.now().replace(year=2100)
        await queries.insert_session(
            house.system, digest, idle_at=end, ends_at=end, address=None, now=now, operator_id=ids.get("operator_id"),
            key_id=ids.get("key_id"),
        )  # fmt: skip
    headers = {"origin": str(http.base_url).rstrip("/"), "cookie": cookies(session_id)}
    if who == "admin secret":
        headers |= {"authorization": f"Bearer {SECRET}"}
    seed = "visitor" if isinstance(page.access, Visitor) else digest.hex()
    options = {"data": {"csrf": house.vault.link_mac("csrf", seed)}} if page.method == "POST" else {}
    try:
        async with asyncio.timeout(2):  # a page that goes on for ever is open
            answer = await http.request(page.method, a_path(page), headers=headers, **options)  # type: ignore[arg-type]
    except TimeoutError:
        return OPENS
    assert answer.status_code < 500, name(page)
    return outcome(answer)


def cookies(session_id: str) -> str:
    """Under both names: neither is to open the other one's pages."""
    return f"admin_session={session_id}; partner_session={session_id}"


def a_path(page: Page) -> str:
    """Of things that there are not: who may not come in is not to learn that."""
    number = "999999" if isinstance(page.access, Members) or page.path.startswith("/admin") else "x" * 24
    return re.sub(r"\{[^}]*\}", number, page.path)


def outcome(answer: Response) -> str:
    to = answer.headers.get("location", "")
    if answer.status_code == 303 and re.fullmatch(r"/(admin|partner)/sign-in(\?next=.*)?", to):
        return SIGN_IN
    is_refused = answer.status_code == 403 and "That did not match" not in answer.text  # a wrong key, typed
    return FORBIDDEN if is_refused else OPENS
