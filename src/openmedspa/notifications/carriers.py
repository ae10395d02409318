"""Which carrier each channel has: the operator's settings decide, and staging keeps what nobody carries."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from msgspec import Struct

from openmedspa.kit.house import Carriers, House
from openmedspa.kit.outbound import Outbound
from openmedspa.notifications.shapes import Carrier, Channel
from openmedspa.notifications.sms import Sms, post
from openmedspa.notifications.smtp import Server, Smtp, greet

TRY_SECONDS = 10.0
_ADDRESS = re.compile(r"[^@\s<>\",;]+@[^@\s<>\",;]+")


class Outbox(Struct, frozen=True):
    """Staging's default: nobody carries it, and it is shown."""


class Missing(Struct, frozen=True):
    """Nobody to carry it: messages wait until the settings say who."""

    why: str


class Tried(Struct, frozen=True):
    """Whether a carrier would take messages from us, in words."""

    is_well: bool
    what: str


Way = Carrier | Outbox | Missing
Ways = Mapping[Channel, Way]


@asynccontextmanager
async def open_carriers(house: House) -> AsyncIterator[Ways]:
    async with Outbound(allow_loopback=True) as outbound:
        yield {"email": _mail(house), "sms": _sms(house, outbound)}


async def try_smtp(carriers: Carriers) -> Tried:
    """Whether the mail server lets us in. Sends nothing."""
    server = _server(carriers)
    if isinstance(server, Missing):
        return Tried(False, server.why)
    trouble = await greet(server)
    where = f"{server.host}:{server.port}"
    return Tried(False, f"{where}: {trouble}") if trouble else Tried(True, f"{where} lets us in")


async def try_sms(carriers: Carriers) -> Tried:
    """Whether the SMS carrier knows our account: asked to send nothing to nobody, it answers 400."""
    if unset := _unset(carriers):
        return Tried(False, unset)
    async with Outbound(allow_loopback=True) as outbound:
        answer = await post(outbound, carriers, {}, {}, timeout_seconds=TRY_SECONDS)
    if answer.status == 400:
        return Tried(True, "the SMS carrier knows our account")
    return Tried(False, f"the SMS carrier answered {answer.cause or f'HTTP {answer.status}'}")


def _mail(house: House) -> Way:
    if not house.carriers.smtp_url:
        return _nobody(house, "OPENMEDSPA_SMTP_URL is not set")
    server = _server(house.carriers)
    return server if isinstance(server, Missing) else Smtp(house, server)


def _sms(house: House, outbound: Outbound) -> Way:
    if not house.carriers.sms_url:
        return _nobody(house, "OPENMEDSPA_SMS_URL is not set")
    unset = _unset(house.carriers)
    return Missing(unset) if unset else Sms(house, outbound)


def _server(carriers: Carriers) -> Server | Missing:
    if not _ADDRESS.fullmatch(carriers.mail_from):
        return Missing("OPENMEDSPA_MAIL_FROM is no address")
    try:
        return Server.parse(carriers.smtp_url)
    except ValueError as trouble:
        return Missing(f"OPENMEDSPA_SMTP_URL does not fit: {trouble}")


def _unset(carriers: Carriers) -> str:
    names = ("sms_url", "sms_account", "sms_token", "sms_from")
    unset = [f"OPENMEDSPA_{name.upper()}" for name in names if not getattr(carriers, name)]
    return f"not set: {', '.join(unset)}" if unset else ""


def _nobody(house: House, why: str) -> Way:
    return Missing(why) if house.is_production else Outbox()
