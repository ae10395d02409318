"""A mail as the bytes that travel: header lines of our own, and MIME parts by `email`.

`email` would decode encoded words in what it is given as plain text, and write what they hide: a line break in a name
or an address, and with it a header or a body of somebody else's. So our lines are written here, and read back.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from email import message_from_string, policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from msgspec import Struct

from openmedspa.kit.house import House
from openmedspa.notifications import rendering
from openmedspa.notifications.shapes import POSSIBLE_DUPLICATE, Message

WORD_BYTES = 39  # 64 characters in an encoded word, so that its line has less than 76 (RFC 2047)
_ATOMS = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?: [\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
_NOT_IN_ADDRESS = re.compile(r"[\s<>()\[\],:;\\\"]|=\?")


class Unfit(Exception):
    """No mail can be made of this, now or later; the words say why and hold nothing of it."""


class Mail(Struct, frozen=True):
    """Envelope and content, in bytes."""

    sender: Address
    recipient: Address
    message_id: str
    content: bytes
    is_ascii: bool  # are all addresses?


def compose(house: House, message: Message) -> Mail:
    """The whole mail. Unfit, when something in it would be read as something else."""
    words = rendering.letter(house, message)
    people = {"From": read_address(house.carriers.mail_from, "our own", display_name=words.sender_name)}
    people["To"] = read_address(message.address, "the patient's or owner's")
    if message.reply_to:
        people["Reply-To"] = read_address(message.reply_to, "the practice's reply", display_name=words.sender_name)
    name = _message_id(house, message, people["From"].domain)
    lines = {header: _mailbox(person) for header, person in people.items()}
    lines |= {"Subject": _written(words.subject), "Date": format_datetime(house.now()), "Message-ID": name}
    lines["Auto-Submitted"] = "auto-generated"
    if message.is_possible_duplicate:
        lines[POSSIBLE_DUPLICATE] = "yes"
    parts = EmailMessage(policy=policy.SMTP)
    parts.set_content(words.text, cte="quoted-printable")
    parts.add_alternative(words.html, subtype="html", cte="quoted-printable")
    head = "".join(f"{header}: {value}\r\n" for header, value in lines.items())
    content = head.encode() + parts.as_bytes()
    _require_as_meant(content, [*lines, *parts.keys()], people, subject=words.subject)
    is_ascii = all(person.username.isascii() for person in people.values())
    return Mail(people["From"], people["To"], name, content, is_ascii)


def read_address(text: str, whose: str, *, display_name: str = "") -> Address:
    """A domain outside ASCII in its wire form; what stands before the @ is the receiver's own business. Unfit, when
    it could end a header or would be decoded."""
    username, _, domain = text.rpartition("@")
    with suppress(UnicodeError):
        domain = domain.encode("idna").decode()
    if not (username and domain.isascii() and domain) or "@" in username or not _is_plain(f"{username}{domain}"):
        raise Unfit(f"{whose} address can stand in no mail")
    return Address(display_name, username=username, domain=domain)


def _is_plain(text: str) -> bool:
    return text.isprintable() and not _NOT_IN_ADDRESS.search(text)


def _message_id(house: House, message: Message, domain: str) -> str:
    """The same at every try, so that a duplicate is recognisable, and another one at every installation."""
    mac = house.vault.link_mac("message", str(message.practice_id), str(message.id))
    return f"<{message.practice_id}.{message.id}.{mac}@{domain}>"


def _mailbox(person: Address) -> str:
    name = person.display_name
    if not name:
        return person.addr_spec
    if name.isascii() and "=?" not in name and name.isprintable() and not _ATOMS.fullmatch(name):
        name = '"' + re.sub(r'([\\"])', r"\\\1", name) + '"'
    else:
        name = _written(name)
    return f"{name} <{person.addr_spec}>"


def _written(text: str) -> str:
    """As it stands, or in encoded words, also when it looks like one: it shall be read as it was written."""
    if not text.isprintable():
        raise Unfit("a header would hold a control character")
    if text.isascii() and "=?" not in text:
        return text
    pieces = [""]
    for letter in text:
        if len((pieces[-1] + letter).encode()) > WORD_BYTES:
            pieces.append("")
        pieces[-1] += letter
    return "\r\n ".join(f"=?utf-8?b?{b64encode(piece.encode()).decode()}?=" for piece in pieces)


def _require_as_meant(content: bytes, headers: list[str], people: Mapping[str, Address], *, subject: str) -> None:
    """Read as a mail program does: the headers that we wrote, each once, and what we meant by them."""
    mail = message_from_string(content.decode(), policy=policy.default)
    is_meant = mail.keys() == headers and _squeezed(str(mail["Subject"])) == _squeezed(subject)
    for header, person in people.items():
        read = [(_squeezed(one.display_name), one.addr_spec) for one in mail[header].addresses] if is_meant else []
        is_meant = read == [(_squeezed(person.display_name), person.addr_spec)]
    if not is_meant:
        raise Unfit("its headers would be read as something else than was meant")


def _squeezed(text: str) -> str:
    """Without blanks: readers differ about those between encoded words."""
    return "".join(text.split())
