"""Doors for the SMS carrier: what patients answered, and what became of our texts. Signed by the carrier."""

import hmac
from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import parse_qs

from msgspec import Struct

from openmedspa.kit.errors import Forbidden
from openmedspa.kit.http import Call, Incoming
from openmedspa.kit.pages import Raw
from openmedspa.notifications import bounces, stops
from openmedspa.notifications.sms import read_about

MOST_BYTES = 64 * 1024
# The carrier expects words to answer with; we have none.
NO_WORDS = Raw(b'<?xml version="1.0" encoding="UTF-8"?><Response></Response>', "text/xml; charset=utf-8")


class SmsCarrier:
    """Admits what was signed with our token for the account: HMAC-SHA1 over the address it called and every field."""

    is_form = False
    is_system = False

    async def admit(self, incoming: Incoming, _path: Mapping[str, str]) -> None:
        token = incoming.house.carriers.sms_token
        query = f"?{incoming.query.decode('latin-1')}" if incoming.query else ""
        url = incoming.house.public_url + incoming.path + query
        signed = signature(token, url, await incoming.body(MOST_BYTES))
        if not token or not hmac.compare_digest(signed.encode(), incoming.header(b"x-twilio-signature").encode()):
            raise Forbidden("This was not signed by our SMS carrier", code="signature_wrong")

    def scope(self, _grant: None) -> tuple[int, ...]:
        return ()

    def csrf_seed(self, _grant: None) -> str:
        return ""


class Reply(Struct, frozen=True, rename={"phone": "From", "text": "Body"}):
    """A text that somebody sent us."""

    phone: str
    text: str = ""


class Status(Struct, frozen=True, rename="pascal"):
    """What became of a text of ours."""

    message_sid: str
    message_status: str
    error_code: str = ""


async def hear_reply(call: Call[None]) -> Raw:
    """STOP and START. A number belongs to no practice, so it is the system's to write."""
    await stops.hear(call.house.system, call.body.phone, call.body.text, now=call.now)
    return NO_WORDS


async def hear_status(call: Call[None]) -> Raw:
    """What became of a text that the carrier had taken: a bounce is recorded."""
    body: Status = call.body
    await bounces.record_status(
        call.house.system, body.message_sid, about=read_about(call.incoming.query.decode("latin-1")),
        status=body.message_status, code=body.error_code, now=call.now,
    )  # fmt: skip
    return NO_WORDS


def signature(token: str, url: str, form: bytes) -> str:
    """As Twilio defines it: the URL, then each field's name and value, by name."""
    fields = parse_qs(form.decode("utf-8", "replace"), keep_blank_values=True)
    text = url + "".join(name + value for name in sorted(fields) for value in sorted(set(fields[name])))
    return b64encode(hmac.digest(token.encode(), text.encode(), "sha1")).decode()
