"""Mail by SMTP: one conversation a message, in which the last look comes between RCPT and DATA."""

import asyncio
import re
import ssl
from contextlib import suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import format_datetime
from ipaddress import ip_address
from typing import Final, Literal
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib
from msgspec import Struct

from openmedspa.kit.house import House
from openmedspa.notifications import rendering
from openmedspa.notifications.shapes import POSSIBLE_DUPLICATE, HandOver, Message, Result, plain

GOODBYE_SECONDS = 1.0
READY, COMPLETED = 354, 250
NO_WORD = "handed over, and no word came back"


class Server(Struct, frozen=True):
    """OPENMEDSPA_SMTP_URL, read. `tls`: from the start, by STARTTLS or not at all."""

    host: str
    port: int
    user: str
    password: str
    tls: Literal["start", "starttls", "none"]

    @classmethod
    def parse(cls, url: str) -> "Server":
        """ValueError in words, which never repeat the URL: it holds a password."""
        parts = urlsplit(url)
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
            raise ValueError("it must be smtp://host:port or smtps://host:port")
        asked = parse_qs(parts.query).get("tls", [""])[-1]
        if asked not in {"", "none", "starttls"} or (asked and parts.scheme == "smtps"):
            raise ValueError("?tls= may be none or starttls, with smtp:// only")
        is_safe = asked == "none" or (not asked and _is_loopback(parts.hostname))
        return cls(
            host=parts.hostname,
            port=parts.port or (465 if parts.scheme == "smtps" else 587),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            tls="start" if parts.scheme == "smtps" else "none" if is_safe else "starttls",
        )


class Limits(Struct, frozen=True):
    """Seconds: for all that comes before the content, and for the word on it."""

    before: float = 30.0
    answer: float = 60.0


class Smtp:
    """`trust`: whose certificates; the system's unless given."""

    sender: Final = "smtp"

    def __init__(
        self, house: House, server: Server, *, limits: Limits | None = None, trust: ssl.SSLContext | None = None
    ) -> None:
        self._house = house
        self._server = server
        self._limits = limits or Limits()
        self._trust = trust or ssl.create_default_context()
        self._name = urlsplit(house.public_url).hostname or "localhost"

    async def send(self, message: Message, hand_over: HandOver) -> Result:
        """1. Everything up to RCPT. 2. The last look. 3. The content, and the server's word on it.

        Whatever goes wrong before the content travels is definite. Then only an answer is: silence and a cut
        connection leave a doubt.
        """
        mail = compose(self._house, message)
        client = _client(self._server, self._trust, seconds=self._limits.before, name=self._name)
        try:
            if trouble := await self._begin(client, mail):
                return trouble
            if not await hand_over(str(mail["Message-ID"])):
                return Result("withheld")
            result = await self._give(client, mail)
            if result.outcome == "sent":
                with suppress(aiosmtplib.SMTPException, OSError):
                    await client.quit(timeout=GOODBYE_SECONDS)
            return result
        finally:
            client.close()

    async def _begin(self, client: aiosmtplib.SMTP, mail: EmailMessage) -> Result | None:
        """Up to RCPT, which is accepted when this is None."""
        try:
            async with asyncio.timeout(self._limits.before):
                await _connect(client, self._server)
                return await _address(client, mail)
        except aiosmtplib.SMTPRecipientRefused as refused:
            return Result("refused" if _is_final(refused.code) else "failed", _words(refused))
        except aiosmtplib.SMTPAuthenticationError as refused:
            return Result("failed", f"the mail server does not accept our user and password: {_words(refused)}")
        except (aiosmtplib.SMTPException, OSError) as trouble:
            return Result("failed", _words(trouble))

    async def _give(self, client: aiosmtplib.SMTP, mail: EmailMessage) -> Result:
        """`client.data` does all of this at once, and would not say whether the content was on its way."""
        assert client.protocol is not None
        try:
            async with asyncio.timeout(self._limits.before):
                ready = await client.execute_command(b"DATA")
        except (aiosmtplib.SMTPException, OSError) as trouble:
            return Result("failed", _words(trouble))
        if ready.code != READY:
            return _judge(ready)
        try:
            async with asyncio.timeout(self._limits.answer):
                client.protocol.write(_with_dots(mail.as_bytes()))
                return _judge(await client.protocol.read_response())
        except (aiosmtplib.SMTPException, OSError):
            return Result("doubted", NO_WORD)


async def greet(server: Server, *, trust: ssl.SSLContext | None = None, seconds: float = 10.0) -> str:
    """Connect and log in, and send nothing; "" when that goes well, else why it does not."""
    client = _client(server, trust or ssl.create_default_context(), seconds=seconds, name="localhost")
    try:
        async with asyncio.timeout(seconds):
            await _connect(client, server)
            await client.quit(timeout=GOODBYE_SECONDS)
    except (aiosmtplib.SMTPException, OSError) as trouble:
        return _words(trouble)
    finally:
        client.close()
    return ""


def compose(house: House, message: Message) -> EmailMessage:
    """The whole mail. Its parts are set by `email`'s own classes, which fold and encode: no text can end a header."""
    words = rendering.letter(house, message)
    recipient = _parse_address(message.address)
    mail = EmailMessage(policy=WIRE if recipient.username.isascii() else WIRE.clone(utf8=True))
    mail["From"] = _parse_address(house.carriers.mail_from, words.sender_name)
    mail["To"] = recipient
    if message.reply_to:
        mail["Reply-To"] = _parse_address(message.reply_to, words.sender_name)
    mail["Subject"] = words.subject
    mail["Date"] = format_datetime(house.now())
    mail["Message-ID"] = message_id(house, message)
    mail["Auto-Submitted"] = "auto-generated"
    if message.is_possible_duplicate:
        mail[POSSIBLE_DUPLICATE] = "yes"
    mail.set_content(words.text, cte="quoted-printable")
    mail.add_alternative(words.html, subtype="html", cte="quoted-printable")
    return mail


def message_id(house: House, message: Message) -> str:
    """The same at every try, so that a duplicate is recognisable, and another one at every installation."""
    mac = house.vault.link_mac("message", str(message.practice_id), str(message.id))
    domain = _parse_address(house.carriers.mail_from).domain
    return f"<{message.practice_id}.{message.id}.{mac}@{domain}>"


def _client(server: Server, trust: ssl.SSLContext, *, seconds: float, name: str) -> aiosmtplib.SMTP:
    return aiosmtplib.SMTP(
        hostname=server.host, port=server.port, use_tls=server.tls == "start", start_tls=False, tls_context=trust,
        timeout=seconds, local_hostname=name,
    )  # fmt: skip


async def _connect(client: aiosmtplib.SMTP, server: Server) -> None:
    """Encrypted if the server's address asks for it, or not at all; then logged in."""
    await client.connect()
    await client.ehlo()
    if server.tls == "starttls":
        if not client.supports_extension("starttls"):
            raise aiosmtplib.SMTPNotSupported("the mail server offers no STARTTLS: nothing is sent in the clear")
        await client.starttls()
        await client.ehlo()
    if server.user:
        await client.login(server.user, server.password)


async def _address(client: aiosmtplib.SMTP, mail: EmailMessage) -> Result | None:
    """MAIL and RCPT. An address outside ASCII needs a server that knows such."""
    (sender,), (recipient,) = mail["From"].addresses, mail["To"].addresses
    if recipient.username.isascii():
        await client.mail(sender.addr_spec)
        await client.rcpt(recipient.addr_spec)
    elif client.supports_extension("smtputf8"):
        await client.mail(sender.addr_spec, options=["SMTPUTF8"], encoding="utf-8")
        await client.rcpt(recipient.addr_spec, encoding="utf-8")
    else:
        return Result("refused", "the mail server takes no addresses outside ASCII")
    return None


def _parse_address(text: str, display_name: str = "") -> Address:
    """A domain outside ASCII in its wire form; what stands before the @ is the receiver's own business."""
    username, _, domain = text.rpartition("@")
    with suppress(UnicodeError):
        domain = domain.encode("idna").decode()
    return Address(display_name, username=username, domain=domain)


def _judge(answer: aiosmtplib.SMTPResponse) -> Result:
    """A definite answer, or one that nobody can read."""
    words = plain(f"{answer.code} {answer.message}")
    if answer.code == COMPLETED:
        return Result("sent")
    if _is_final(answer.code):
        return Result("refused", words)
    return Result("failed" if 300 <= answer.code < 500 else "doubted", words)


def _with_dots(content: bytes) -> bytes:
    """As it travels: a line that begins with a dot has two, and a dot alone is the end."""
    return re.sub(rb"(?m)^\.", b"..", content.removesuffix(b"\r\n")) + b"\r\n.\r\n"


def _is_final(code: int) -> bool:
    return 500 <= code < 600


def _words(trouble: Exception) -> str:
    if isinstance(trouble, aiosmtplib.SMTPResponseException):
        return plain(f"{trouble.code} {trouble.message}")
    if isinstance(trouble, TimeoutError):
        return "the mail server did not answer in time"
    return plain(str(trouble)) or type(trouble).__name__


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
