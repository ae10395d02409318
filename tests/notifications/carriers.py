"""A mail server and an SMS carrier on loopback, and a worker's own code that sends what is due."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from urllib.parse import parse_qs, unquote

import canaries
import msgspec
from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope
from msgspec import Struct

from openmedspa.kit.db import Row
from openmedspa.kit.house import Carriers, House
from openmedspa.kit.outbound import Outbound
from openmedspa.notifications.sending import LEASE, Messages
from openmedspa.notifications.sms import Sms
from openmedspa.notifications.smtp import Limits, Server, Smtp

Answer = Callable[[int], Awaitable[str]]
QUICK = Limits(before=5, answer=0.3)
TOKEN = "a token of no use"


async def accept(_number: int) -> str:
    return "250 OK"


async def hang(_number: int) -> str:
    await asyncio.sleep(60)
    return "250 OK"


def say(words: str, *, to_first: int = 1_000_000) -> Answer:
    async def answer(number: int) -> str:
        return words if number <= to_first else "250 OK"

    return answer


class PostOffice:
    """What came in. `on_rcpt` and `on_data` get the number of the recipient or mail, from 1, and answer."""

    def __init__(self, on_rcpt: Answer = accept, on_data: Answer = accept) -> None:
        self.on_rcpt, self.on_data = on_rcpt, on_data
        self.rcpts: list[str] = []
        self.mails: list[EmailMessage] = []
        self.senders: list[str | None] = []
        self.encrypted: list[bool] = []
        self.url = ""
        self.takes_utf8 = True

    async def handle_RCPT(self, server: SMTP, _s: Any, envelope: Envelope, address: str, _o: list[str]) -> str:  # noqa: N802
        self.rcpts.append(address)
        answer = await self.on_rcpt(len(self.rcpts))
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: SMTP, session: Any, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        canaries.watch("subject", str(mail["Subject"]))
        self.mails.append(mail)
        self.senders.append(envelope.mail_from)
        self.encrypted.append(session.ssl is not None)
        return await self.on_data(len(self.mails))


def body_of(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


@asynccontextmanager
async def post_office(
    office: PostOffice | None = None, *, tls: ssl.SSLContext | None = None, is_tls_from_start: bool = False,
    password: str = "", options: str = "",
) -> AsyncIterator[PostOffice]:  # fmt: skip
    """A mail server in this loop."""
    office = office or PostOffice()

    def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        return AuthResult(success=given.password == password.encode(), handled=False)

    def make() -> SMTP:
        with warnings.catch_warnings():  # it does not notice TLS from the start, and warns of passwords in the clear
            warnings.simplefilter("ignore", UserWarning)
            return SMTP(
                office, hostname="mail.test", enable_SMTPUTF8=office.takes_utf8,
                authenticator=authenticate if password else None, auth_required=bool(password),
                auth_require_tls=not is_tls_from_start, tls_context=None if is_tls_from_start else tls,
            )  # fmt: skip

    server = await asyncio.get_running_loop().create_server(
        make, "127.0.0.1", 0, ssl=tls if is_tls_from_start else None
    )
    scheme = "smtps" if is_tls_from_start else "smtp"
    office.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}{options}"
    try:
        yield office
    finally:
        server.close()
        await asyncio.sleep(0.01)


class Gateway(Struct):
    """What the SMS carrier was asked. `answer` gets the number of the request, from 1."""

    url: str = ""
    texts: list[dict[str, str]] = []
    headers: list[dict[str, str]] = []
    paths: list[str] = []


async def take(number: int) -> web.Response:
    return web.json_response({"sid": f"SM{number:032}", "status": "queued"}, status=201)


def refuse(status: int, code: int, message: str = "no") -> Callable[[int], Awaitable[web.Response]]:
    async def answer(_number: int) -> web.Response:
        return web.json_response({"code": code, "message": message, "status": status}, status=status)

    return answer


@asynccontextmanager
async def gateway(answer: Callable[[int], Awaitable[web.Response]] = take) -> AsyncIterator[Gateway]:
    kept = Gateway("", [], [], [])

    async def handle(request: web.Request) -> web.Response:
        fields = parse_qs((await request.read()).decode(), keep_blank_values=True)
        text = {name: value for name, (value,) in fields.items()}
        canaries.watch("text", unquote(text.get("Body", "")))
        kept.texts.append(text)
        kept.headers.append(dict(request.headers))
        kept.paths.append(request.path)
        return await answer(len(kept.texts))

    app = web.Application()
    app.router.add_post("/{path:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    kept.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield kept
    finally:
        await runner.cleanup()


def served_by(house: House, *, mail: str = "", texts: str = "", **changes: Any) -> House:
    """The same house with these carriers; `changes` are others of its settings for carriers."""
    known = {
        "smtp_url": mail, "mail_from": "exams@spa.example.com", "sms_url": texts, "sms_account": "AC1",
        "sms_token": TOKEN, "sms_from": "+15005550006",
    }  # fmt: skip
    return msgspec.structs.replace(house, carriers=Carriers(**{**known, **changes}))


@asynccontextmanager
async def worker(house: House, *, limits: Limits = QUICK, sms_seconds: float = 0.3) -> AsyncIterator[Messages]:
    """Carries what the house's settings name, with short limits, and nothing else."""
    async with Outbound(allow_loopback=True) as outbound:
        ways: dict[Any, Any] = {}
        if house.carriers.smtp_url:
            ways["email"] = Smtp(house, Server.parse(house.carriers.smtp_url), limits=limits)
        if house.carriers.sms_url:
            ways["sms"] = Sms(house, outbound, timeout_seconds=sms_seconds)
        messages = Messages(house, ways, lease=LEASE)
        yield messages
        await messages.finish()


async def send_due(house: House, **options: Any) -> int:
    async with worker(house, **options) as messages:
        return await messages.send_due()


async def the_message(house: House, channel: str = "email", notice: str = "invited") -> Row:
    row = await house.system.unscoped_row(
        "select * from messages where channel = $1 and notice = $2 order by id desc limit 1", channel, notice
    )
    assert row is not None
    return row


async def tries_of(house: House, message: Row) -> list[tuple[str, str]]:
    rows = await house.system.unscoped_rows(
        "select outcome, cause from message_tries where message_id = $1 order by id", message["id"]
    )
    return [(row["outcome"], row["cause"]) for row in rows]
