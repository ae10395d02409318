"""Which carrier each channel has: the operator's settings decide, and staging keeps what nobody carries."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from msgspec import Struct

from openmedspa.kit.house import Carriers, House
from openmedspa.kit.outbound import Outbound
from openmedspa.notifications.mail import Unfit, read_address
from openmedspa.notifications.shapes import Carrier, Channel
from openmedspa.notifications.sms import Sms, post
from openmedspa.notifications.smtp import Server, Smtp, greet, is_loopback

TRY_SECONDS = 10.0
UNSAFE_SMS_URL = (
    "OPENMEDSPA_SMS_URL must begin with https:// and name a public address; http:// only reaches this machine"
)


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
    if unfit := _unfit(carriers):
        return Tried(False, unfit)
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
    unfit = _unfit(house.carriers)
    return Missing(unfit) if unfit else Sms(house, outbound)


def _server(carriers: Carriers) -> Server | Missing:
    try:
        read_address(carriers.mail_from, "our own")
        return Server.parse(carriers.smtp_url)
    except Unfit:
        return Missing("OPENMEDSPA_MAIL_FROM is no address")
    except ValueError as trouble:
        return Missing(f"OPENMEDSPA_SMTP_URL does not fit: {trouble}")


def _unfit(carriers: Carriers) -> str:
    """Why these settings name no SMS carrier; "" when they do. Each call carries our token and a patient's link."""
    names = ("sms_url", "sms_account", "sms_token", "sms_from")
    if unset := [f"OPENMEDSPA_{name.upper()}" for name in names if not getattr(carriers, name)]:
        return f"not set: {', '.join(unset)}"
    return "" if _is_safe(carriers.sms_url) else UNSAFE_SMS_URL


def _is_safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    except ValueError:
        return False


def _nobody(house: House, why: str) -> Way:
    return Missing(why) if house.is_production else Outbox()
