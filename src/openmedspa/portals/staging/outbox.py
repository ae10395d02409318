"""/staging/outbox: the messages that staging kept or sent, rendered anew. Asks the slice; holds no rule of theirs."""

import re
from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from openmedspa.kit.errors import Forbidden, NotFound
from openmedspa.kit.http import Call, Incoming
from openmedspa.kit.pages import View
from openmedspa.notifications import outbox

LATEST = 100
ACTOR = "operator"
PROXY_WORDS = (b"forwarded", b"via", b"x-real-ip", b"x-forwarded-host", b"x-forwarded-proto")
STYLE = re.compile(r' style="([^"]*)"')


class AtTheServer:
    """Admits whoever sits at this computer, of a server that is meant for this computer only.

    A proxy here may hand on strangers as if they came from here, and say nothing of them: so a server with a public
    address shows nobody, and neither does one that any word of a proxy reaches. The name asked for must be this
    computer's, so that no other site's page can ask for us.
    """

    is_form = False
    is_system = False

    async def admit(self, incoming: Incoming, _path: Mapping[str, str]) -> None:
        forwarded = incoming.header(b"x-forwarded-for")
        came_by = [incoming.address, *(forwarded.split(",") if forwarded else ())]
        names = [urlsplit(f"//{incoming.header(b'host')}").hostname, urlsplit(incoming.house.public_url).hostname]
        is_local = all(_is_loopback(address) for address in came_by) and all(
            name == "localhost" or _is_loopback(name or "") for name in names
        )
        if not is_local or any(incoming.header(word) for word in PROXY_WORDS):
            raise Forbidden(
                "The outbox opens on the server's own computer only",
                "Elsewhere: openmedspa outbox, on the server.",
                code="not_from_here",
            )

    def scope(self, _grant: None) -> tuple[int, ...]:
        return ()

    def csrf_seed(self, _grant: None) -> str:
        return ""


async def list_(call: Call[None]) -> View:
    """The latest messages, or with `?visit=gfe_…` those about one visit."""
    gfe_id = call.query.get("visit") or None
    lines = await call.house.system.write(
        [], lambda tx: outbox.list_(tx, gfe_id=gfe_id, limit=LATEST, actor=ACTOR, now=call.now)
    )
    return View("staging/outbox.html", {"messages": lines, "latest": LATEST, "visit": gfe_id})


async def show(call: Call[None]) -> View:
    """One message as it would be sent, with its tries."""
    return View("staging/message.html", {"shown": await _shown(call)})


async def show_html(call: Call[None]) -> View:
    """The HTML part as mail programs show it. Our policy knows no inline styles, so they become a sheet."""
    shown = await _shown(call)
    if not shown.html:
        raise NotFound("A text has no HTML part.", "/staging/outbox")
    rules: dict[str, str] = {}

    def name_it(found: re.Match[str]) -> str:
        return f' data-style="{rules.setdefault(found[1], str(len(rules)))}"'

    html = STYLE.sub(name_it, shown.html)
    sheet = "".join(f'[data-style="{name}"]{{{declarations}}}' for declarations, name in rules.items())
    return View("staging/letter.html", {"html": html, "sheet": sheet})


async def _shown(call: Call[None]) -> outbox.Shown:
    number = call.path["message_id"]
    if not re.fullmatch("[0-9]{1,18}", number):
        raise NotFound("There is no such message.", "/staging/outbox")
    return await call.house.system.write(
        [], lambda tx: outbox.show(tx, int(number), house=call.house, actor=ACTOR, now=call.now)
    )


def _is_loopback(text: str) -> bool:
    try:
        address = ip_address(text.strip())
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback
