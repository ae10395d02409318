"""A webhook receiver for a developer's desk: judges each request by its signatures and says so. Keeps nothing."""

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from aiohttp import web
from msgspec import Struct

from openmedspa.cli.ports import unbindable
from openmedspa.cli.talk import GREEN, RED, paint, say, visible
from openmedspa.kit.errors import Stopped
from openmedspa.webhooks.signing import Check, verify

BODY_LIMIT = 1024 * 1024
MARKS = {"passes": "✓", "fails": "✗", "absent": "–", "unchecked": "?"}


class Known(Struct, frozen=True):
    """The secrets to check with; of a kind without one, nothing is checked."""

    secrets: Sequence[str] = ()
    api_keys: Sequence[str] = ()
    header_secrets: Sequence[str] = ()


class Received(Struct, frozen=True, kw_only=True):
    """One request and what we made of it."""

    at: datetime
    status: int
    duration_ms: int
    method: str
    path: str
    note: str = ""
    event: str | None = None
    subject: str | None = None
    webhook_id: str | None = None
    is_again: bool = False
    checks: Sequence[Check] = ()
    body: Any = None

    @property
    def is_verified(self) -> bool:
        verdicts = {check.verdict for check in self.checks}
        return self.status == 200 and "passes" in verdicts

    def line(self) -> str:
        """For people: the time, what we answered, what came, and what each signature is worth."""
        status = paint(f"[{self.status}]", GREEN if self.status == 200 else RED, stream="stdout")
        what = " ".join(visible(word, 80) for word in (self.event, self.subject) if word)
        told = ("again" if self.is_again else "", self.note if what else "")
        remarks = "".join(f" ({remark})" for remark in told if remark)
        where = f"{self.method} {visible(self.path, 120)} ({self.duration_ms} ms)"
        return "  ".join(
            [f"{self.at:%H:%M:%S} {status} {where} → {what or self.note}{remarks}", *map(_told, self.checks)]
        )

    def as_json(self) -> str:
        """For programs: one line, with the body."""
        return json.dumps(
            {
                "time": self.at.isoformat(timespec="milliseconds"), "status": self.status, "method": self.method,
                "path": self.path, "duration_ms": self.duration_ms, "event": self.event, "id": self.webhook_id,
                "again": self.is_again, "verified": self.is_verified, "note": self.note,
                "checks": {check.header: {"verdict": check.verdict, "reason": check.reason} for check in self.checks},
                "body": self.body,
            },
            ensure_ascii=True,
        )  # fmt: skip


class Receiver:
    """Answers 200 to what nothing speaks against, 400 when a check fails, 500 to the first `fail` on demand."""

    def __init__(self, known: Callable[[], Known], tell: Callable[[Received], None], *, fail: int = 0) -> None:
        self.verified = asyncio.Event()
        self._known = known
        self._tell = tell
        self._fail = self._to_fail = fail
        self._seen: set[str] = set()

    def application(self) -> web.Application:
        application = web.Application(client_max_size=BODY_LIMIT)
        application.router.add_route("*", "/{path:.*}", self._receive)
        return application

    async def _receive(self, request: web.Request) -> web.Response:
        began = time.perf_counter()
        judged = await self._judge(request)
        received = Received(
            at=datetime.now().astimezone(), duration_ms=round((time.perf_counter() - began) * 1000),
            method=visible(request.method, 20), path=request.path_qs, **judged,
        )  # fmt: skip
        self._tell(received)
        if received.is_verified:
            self.verified.set()
        headers = {"Allow": "POST"} if received.status == 405 else {}
        return web.Response(status=received.status, text=received.note + "\n" if received.note else "", headers=headers)

    async def _judge(self, request: web.Request) -> dict[str, Any]:
        if request.method != "POST":
            return {"status": 405, "note": "webhooks come by POST"}
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return {"status": 413, "note": f"longer than {BODY_LIMIT} bytes"}
        return self._judge_body(request, body)

    def _judge_body(self, request: web.Request, body: bytes) -> dict[str, Any]:
        known = self._known()
        checks = verify(
            request.headers, body, now=int(time.time()),
            secrets=known.secrets, api_keys=known.api_keys, header_secrets=known.header_secrets,
        )  # fmt: skip
        status, note = self._verdict(checks)
        webhook_id = request.headers.get("webhook-id")
        is_again = webhook_id in self._seen
        if webhook_id and status == 200:
            self._seen.add(webhook_id)
        return {
            "status": status, "note": note, "webhook_id": webhook_id, "is_again": is_again, "checks": checks,
            **_contents(body),
        }  # fmt: skip

    def _verdict(self, checks: Sequence[Check]) -> tuple[int, str]:
        if self._to_fail > 0:
            self._to_fail -= 1
            return 500, f"failing on demand, {self._fail - self._to_fail} of {self._fail}"
        if any(check.verdict == "fails" for check in checks):
            return 400, "a check failed"
        return 200, ""


def _told(check: Check) -> str:
    """The header with its mark, and why unless all is well."""
    why = {"passes": "", "fails": f": {check.reason}", "absent": " absent", "unchecked": f": {check.reason}"}
    told = f"{MARKS[check.verdict]} {check.header}{why[check.verdict]}"
    colour = {"passes": GREEN, "fails": RED}.get(check.verdict)
    return paint(told, colour, stream="stdout") if colour else told


def _contents(body: bytes) -> dict[str, Any]:
    """The event and what it is about, if the body is what our webhooks look like."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {"body": body.decode(errors="replace"), "event": "a body that is not JSON" if body else "an empty body"}
    event = value.get("event") if isinstance(value, dict) else None
    subject = value["data"].get("gfe_id") if event and isinstance(value.get("data"), dict) else None
    return {
        "body": value,
        "event": event if isinstance(event, str) else "JSON without an event",
        "subject": subject if isinstance(subject, str) else None,
    }


@asynccontextmanager
async def served(receiver: Receiver, host: str, port: int) -> AsyncIterator[None]:
    """Says where it listens once it does."""
    runner = web.AppRunner(receiver.application(), access_log=None, handle_signals=False, shutdown_timeout=1)
    await runner.setup()
    try:
        await _start(web.TCPSite(runner, host, port), host, port)
        address, bound = runner.addresses[0][:2]
        say(f"Listening on http://{f'[{address}]' if ':' in address else address}:{bound} — Ctrl-C stops")
        yield
    finally:
        await runner.cleanup()


async def _start(site: web.TCPSite, host: str, port: int) -> None:
    try:
        await site.start()
    except OSError as trouble:
        raise unbindable(trouble, host, port) from None


async def until_done(receiver: Receiver, *, once: bool, seconds: float | None) -> None:
    """Until SIGTERM or Ctrl-C; with `once`, until something verified came. Stopped if it did not come in time."""
    done = receiver.verified if once else asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, done.set)
    try:
        await asyncio.wait_for(done.wait(), seconds)
    except TimeoutError:
        hint = "openmedspa webhooks list --deliveries"
        raise Stopped(f"No verified webhook came in {seconds:g} seconds.", hint) from None
