"""Mail by SMTP: one conversation a message, in which the last look comes when the server waits for the content."""

import asyncio
import re
import ssl
from contextlib import suppress
from ipaddress import ip_address
from typing import Final, Literal
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import aiosmtplib
from msgspec import Struct

from openmedspa.kit.house import House
from openmedspa.notifications.mail import Mail, Unfit, compose
from openmedspa.notifications.shapes import HandOver, Message, Result, plain

GOODBYE_SECONDS = 1.0
READY, COMPLETED = 354, 250
HOW = "percent-encode / # ? @ : in the password, and let the port be a number from 1 to 65535"
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
        parts, host, port = _parts(url)
        if parts.scheme not in {"smtp", "smtps"} or not host:
            raise ValueError("it must be smtp://host:port or smtps://host:port")
        asked = parse_qs(parts.query).get("tls", [""])[-1]
        if asked not in {"", "none", "starttls"} or (asked and parts.scheme == "smtps"):
            raise ValueError("?tls= may be none or starttls, with smtp:// only")
        is_safe = asked == "none" or (not asked and is_loopback(host))
        return cls(
            host=host,
            port=port or (465 if parts.scheme == "smtps" else 587),
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
        """1. The mail in bytes. 2. Everything up to DATA, until the server waits for the content. 3. The last look.
        4. The content, and the server's word on it.

        Whatever goes wrong before the content travels is definite. Then only an answer is: silence and a cut
        connection leave a doubt. When the last look says no, the connection is closed: no dot, and so no mail.
        """
        try:
            mail = compose(self._house, message)
        except Unfit as unfit:
            return Result("refused", f"not sent: {unfit}")
        client = _client(self._server, self._trust, seconds=self._limits.before, name=self._name)
        try:
            if trouble := await self._begin(client, mail):
                return trouble
            if not await hand_over(mail.message_id):
                return Result("withheld")
            result = await self._give(client, mail.content)
            if result.outcome == "sent":
                with suppress(aiosmtplib.SMTPException, OSError):
                    await client.quit(timeout=GOODBYE_SECONDS)
            return result
        finally:
            client.close()

    async def _begin(self, client: aiosmtplib.SMTP, mail: Mail) -> Result | None:
        """Up to DATA, which the server is ready for when this is None."""
        try:
            async with asyncio.timeout(self._limits.before):
                await _connect(client, self._server)
                return await _address(client, mail) or await self._ask(client)
        except aiosmtplib.SMTPRecipientRefused as refused:
            return Result("refused" if _is_final(refused.code) else "failed", _words(refused))
        except aiosmtplib.SMTPAuthenticationError as refused:
            return Result("failed", f"the mail server does not accept our user and password: {_words(refused)}")
        except (aiosmtplib.SMTPException, OSError) as trouble:
            return Result("failed", _words(trouble))

    async def _ask(self, client: aiosmtplib.SMTP) -> Result | None:
        """`client.data` does this and the rest at once, and leaves no moment for the last look."""
        ready = await client.execute_command(b"DATA")
        if ready.code == READY:
            return None
        return Result("refused" if _is_final(ready.code) else "failed", plain(f"{ready.code} {ready.message}"))

    async def _give(self, client: aiosmtplib.SMTP, content: bytes) -> Result:
        if client.protocol is None or not client.is_connected:
            return Result("failed", "the mail server hung up before it had the content")
        try:
            async with asyncio.timeout(self._limits.answer):
                client.protocol.write(_with_dots(content))
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


async def _address(client: aiosmtplib.SMTP, mail: Mail) -> Result | None:
    """MAIL and RCPT. An address outside ASCII needs a server that knows such."""
    if mail.is_ascii:
        await client.mail(mail.sender.addr_spec)
        await client.rcpt(mail.recipient.addr_spec)
    elif client.supports_extension("smtputf8"):
        await client.mail(mail.sender.addr_spec, options=["SMTPUTF8"], encoding="utf-8")
        await client.rcpt(mail.recipient.addr_spec, encoding="utf-8")
    else:
        return Result("refused", "the mail server takes no addresses outside ASCII")
    return None


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


def _parts(url: str) -> tuple[SplitResult, str, int | None]:
    """The URL with its host and port. What `urllib` says of an URL it cannot read repeats it, and so does a host that
    is the user's name, when the password ended the address too early."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(HOW) from None
    if "@" in parts.path + parts.query + parts.fragment or parts.path not in {"", "/"} or parts.fragment or port == 0:
        raise ValueError(HOW)
    return parts, host, port


def is_loopback(host: str) -> bool:
    """Whether this is no network at all."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
