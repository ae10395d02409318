"""Texts by a Twilio-compatible HTTP call."""

import os
import re
from base64 import b64encode
from collections.abc import Mapping
from errno import ECONNREFUSED, EHOSTDOWN, EHOSTUNREACH, ENETDOWN, ENETUNREACH
from typing import Final
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct

from openmedspa.kit.house import Carriers, House
from openmedspa.kit.outbound import Answer, Outbound
from openmedspa.notifications import rendering
from openmedspa.notifications.shapes import POSSIBLE_DUPLICATE, STOPPED, HandOver, Message, Result, plain

STATUS_PATH = "/hooks/sms/status"
ANSWERED_STOP = 21610
_ABOUT = re.compile(r"practice=([0-9]{1,9})&message=([0-9]{1,18})")
# What `Outbound` says of a connection that never was. Of anything else we cannot know that it was not sent.
NEVER_BEGAN = ("TLS: ", "address not public", "name not found", "connection failed", "The URL")
NEVER_REACHED = frozenset(
    os.strerror(code).lower() for code in (ECONNREFUSED, EHOSTDOWN, EHOSTUNREACH, ENETDOWN, ENETUNREACH)
)


class Said(Struct, frozen=True):
    """What we read of the carrier's answer."""

    sid: str | None = None
    code: int | None = None
    message: str | None = None


class Sms:
    """`outbound` may reach loopback: the address is the operator's own word."""

    sender: Final = "sms"

    def __init__(self, house: House, outbound: Outbound, *, timeout_seconds: float = 15.0) -> None:
        self._house = house
        self._outbound = outbound
        self._timeout_seconds = timeout_seconds

    async def send(self, message: Message, hand_over: HandOver) -> Result:
        carriers = self._house.carriers
        body = rendering.sms(self._house, message)
        sender = "MessagingServiceSid" if carriers.sms_from.startswith("MG") else "From"
        form = {
            "To": message.address,
            sender: carriers.sms_from,
            "Body": body,
            "StatusCallback": self._house.public_url + status_path(message),
        }
        flag = {POSSIBLE_DUPLICATE: "yes"} if message.is_possible_duplicate else {}
        if not await hand_over(None):
            return Result("withheld")
        return judge(await post(self._outbound, carriers, form, flag, timeout_seconds=self._timeout_seconds))


def status_path(message: Message) -> str:
    """Where the carrier says what became of this text; it signs the whole address, numbers and all."""
    return f"{STATUS_PATH}?practice={message.practice_id}&message={message.id}"


def read_about(query: str) -> tuple[int, int] | None:
    """The practice and the message that a status is about; None from an address that an earlier version gave."""
    named = _ABOUT.fullmatch(query)
    return (int(named[1]), int(named[2])) if named else None


async def post(
    outbound: Outbound, carriers: Carriers, form: Mapping[str, str], more: Mapping[str, str], *, timeout_seconds: float
) -> Answer:
    """One call to the carrier, as our account."""
    account = carriers.sms_account
    headers = {
        "Authorization": "Basic " + b64encode(f"{account}:{carriers.sms_token}".encode()).decode(),
        "Content-Type": "application/x-www-form-urlencoded",
        **more,
    }
    url = f"{carriers.sms_url.rstrip('/')}/2010-04-01/Accounts/{quote(account, safe='')}/Messages.json"
    return await outbound.post(url, urlencode(form).encode(), headers, timeout_seconds=timeout_seconds)


def judge(answer: Answer) -> Result:
    """Only an answer is definite, or a connection that never was. 401 says something about us, not about the text."""
    if answer.status is None:
        never = answer.cause.startswith(NEVER_BEGAN) or answer.cause in NEVER_REACHED
        return Result("failed" if never else "doubted", answer.cause)
    said = _read(answer.body)
    if 200 <= answer.status < 300:
        return Result("sent", reference=said.sid)
    if said.code == ANSWERED_STOP:
        return Result("refused", STOPPED)
    cause = plain(" ".join(str(part) for part in (f"HTTP {answer.status}", said.code, said.message) if part))
    is_final = 400 <= answer.status < 500 and answer.status not in {401, 408, 429}
    return Result("refused" if is_final else "failed", cause)


def _read(body: bytes) -> Said:
    try:
        return msgspec.json.decode(body, type=Said)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Said()
