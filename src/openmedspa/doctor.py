"""Looks an installation over: what is well, what is not, and what to type about it. Changes nothing.

Each check is a function that answers one finding or several; none stops the others.
"""

import shutil
from collections.abc import AsyncIterator, Coroutine
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

import aiohttp
import asyncpg
from msgspec import Struct

from openmedspa import installation
from openmedspa.accounts import queries as accounts
from openmedspa.kit import migrate
from openmedspa.kit.crypto import Vault
from openmedspa.kit.db import Database, Row
from openmedspa.kit.errors import Stopped
from openmedspa.kit.house import Carriers
from openmedspa.notifications import carriers
from openmedspa.notifications import queries as messages
from openmedspa.settings import Settings
from openmedspa.usage.queries import metrics as usage
from openmedspa.webhooks import queries as webhooks

State = Literal["well", "look", "ill"]
GIGABYTE = 1024**3
LITTLE_DISK, TOO_LITTLE_DISK = 5 * GIGABYTE, GIGABYTE
SLOW_MILLISECONDS = 20
CLOCK_LOOK, CLOCK_ILL = timedelta(seconds=5), timedelta(seconds=60)  # receivers refuse what is 5 minutes off
STUCK_AFTER = timedelta(minutes=5)
REACH_SECONDS = 5


class Finding(Struct, frozen=True):
    """`look` is no fault yet. `fix` is a command or a sentence; empty when all is well."""

    check: str
    state: State
    what: str
    fix: str = ""


async def look_over(
    settings: Settings, db: Database, *, is_embedded: bool, is_key_kept: bool, now: datetime
) -> AsyncIterator[Finding]:
    """Every finding, as soon as it is there. A check that fails itself is a finding too.

    What lies in tables is looked at only once the tables are of this version. `is_key_kept`: the secret key is a file
    of the data folder, and no setting.
    """
    yield (ground := await _told("database", _database(settings, is_embedded=is_embedded)))
    yield (tables := await _told("migrations", _migrations(settings)))
    yield await _told("clock", _clock(settings))
    yield await _told("disk", _disk(settings, is_embedded=is_embedded))
    yield await _told("public URL", _public_url(settings))
    yield await _told("mail", _mail(settings))
    yield await _told("texts", _texts(settings))
    if "ill" in (ground.state, tables.state):
        return
    yield await _told("secret key", _secret_key(settings, db, is_kept=is_key_kept))
    yield await _told("background work", _background(settings, db, now))
    yield await _told("messages", _messages(db, now))
    yield await _told("dashboard", _dashboard(settings, db))
    yield await _told("log of calls", _calls(db, now))
    for finding in await _endpoints(db):
        yield finding


async def _told(name: str, check: Coroutine[Any, Any, Finding]) -> Finding:
    try:
        return await check
    except Stopped as stopped:
        return Finding(name, "ill", stopped.what, stopped.hint)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as trouble:
        return Finding(name, "ill", f"{type(trouble).__name__}: {trouble}", "openmedspa db status")


async def _database(settings: Settings, *, is_embedded: bool) -> Finding:
    seen = await installation.probe(settings)
    kind = "embedded" if is_embedded else "outside"
    what = f"PostgreSQL {seen.version}, {kind}; a round trip takes {seen.round_trip_ms:.1f} ms"
    if seen.round_trip_ms > SLOW_MILLISECONDS:
        return Finding("database", "look", what, "Bring the server nearer: each call takes one to five round trips.")
    return Finding("database", "well", what)


async def _migrations(settings: Settings) -> Finding:
    connection = await installation.connect(settings)
    try:
        pending = await migrate.pending(connection)
    finally:
        await connection.close()
    if pending:
        return Finding(
            "migrations", "ill", f"{len(pending)} are pending, {pending[0].name} first", installation.UPGRADE
        )
    return Finding("migrations", "well", f"all {len(migrate.shipped())} are applied")


async def _clock(settings: Settings) -> Finding:
    """Against the database's: whichever of the two is off, signatures and due times go wrong."""
    off = (await installation.probe(settings)).clock_off
    what = f"{off.total_seconds():.1f} s apart from the database's"
    if off < CLOCK_LOOK:
        return Finding("clock", "well", what)
    state: State = "ill" if off >= CLOCK_ILL else "look"
    return Finding("clock", state, what, "Let NTP set both: timedatectl set-ntp true")


async def _secret_key(settings: Settings, db: Database, *, is_kept: bool) -> Finding:
    if not await installation.check_secret(db, Vault(settings.secret_key)):
        return Finding("secret key", "well", "is set; nothing was sealed with one yet")
    where = "the data folder; back it up apart from the database" if is_kept else "the environment"
    return Finding("secret key", "well", f"opens what this database sealed; it comes from {where}")


async def _disk(settings: Settings, *, is_embedded: bool) -> Finding:
    if not is_embedded:
        return Finding(
            "disk", "look", "the database is elsewhere, so its disk is not seen from here", "Watch it there."
        )
    free = shutil.disk_usage(settings.data_dir).free
    what = f"{free / GIGABYTE:.0f} GB are free under {settings.data_dir}"
    if free >= LITTLE_DISK:
        return Finding("disk", "well", what)
    state: State = "ill" if free < TOO_LITTLE_DISK else "look"
    return Finding(
        "disk", state, what, "Make room: when it is full, nothing can be written and every write answers 503."
    )


async def _public_url(settings: Settings) -> Finding:
    url, is_production = settings.base_url, settings.environment == "production"
    if is_production and not settings.public_url:
        fix = "export OPENMEDSPA_PUBLIC_URL=https://exams.example.com"
        return Finding("public URL", "ill", f"not set, so patients' links begin with {url}", fix)
    if is_production and urlsplit(url).scheme != "https":
        return Finding(
            "public URL", "ill", f"{url} is not https", "Put a proxy with TLS in front, and name its address."
        )
    timeout = aiohttp.ClientTimeout(total=REACH_SECONDS)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(f"{url}/healthz") as answer:
            body = await answer.text()
    except (aiohttp.ClientError, TimeoutError) as trouble:
        why = trouble.strerror if isinstance(trouble, aiohttp.ClientConnectorError) else type(trouble).__name__
        return Finding("public URL", "look", f"{url} does not answer from here: {why}", "openmedspa serve")
    if answer.status != 200 or '"ok"' not in body:
        what = f"{url}/healthz answers {answer.status}, and not as OpenMedspa does"
        return Finding("public URL", "ill", what, "Look at the proxy: does it hand everything on to us?")
    return Finding("public URL", "well", f"{url} answers")


def _carriers(settings: Settings) -> Carriers:
    return Carriers(**{field: getattr(settings, field) for field in Carriers.__struct_fields__})


async def _mail(settings: Settings) -> Finding:
    if settings.smtp_url:
        answer = await carriers.try_smtp(_carriers(settings))
        fix = "Check OPENMEDSPA_SMTP_URL and OPENMEDSPA_MAIL_FROM."
        return Finding("mail", "well", answer.what) if answer.is_well else Finding("mail", "ill", answer.what, fix)
    return _without_carrier("mail", settings, "export OPENMEDSPA_SMTP_URL=smtp://USER:PASSWORD@HOST:587")


async def _texts(settings: Settings) -> Finding:
    if settings.sms_url:
        answer = await carriers.try_sms(_carriers(settings))
        fix = "Check OPENMEDSPA_SMS_URL, …_ACCOUNT, …_TOKEN and …_FROM."
        return Finding("texts", "well", answer.what) if answer.is_well else Finding("texts", "ill", answer.what, fix)
    fix = "export OPENMEDSPA_SMS_URL=https://api.twilio.com, if patients are to get texts beside mail"
    return _without_carrier("texts", settings, fix, state="look")


def _without_carrier(check: str, settings: Settings, fix: str, *, state: State = "ill") -> Finding:
    if settings.environment == "production":
        return Finding(check, state, "no carrier is set: what patients should get waits", fix)
    return Finding(check, "well", "no carrier is set: staging keeps it in the outbox (openmedspa outbox list)")


async def _background(settings: Settings, db: Database, now: datetime) -> Finding:
    """Whether somebody works: what is due should not be due for long. What waits for a carrier is told elsewhere."""
    outboxed = settings.environment == "staging"
    carried = [channel for channel, url in (("email", settings.smtp_url), ("sms", settings.sms_url)) if url or outboxed]
    due = [await webhooks.find_oldest_due(db, now), await messages.find_oldest_due(db, carried, now)]
    oldest = min((moment for moment in due if moment), default=now)
    if now - oldest < STUCK_AFTER:
        return Finding("background work", "well", "nothing is overdue")
    minutes = int((now - oldest).total_seconds() // 60)
    fix = "Run openmedspa worker, or serve without --no-worker."
    return Finding("background work", "ill", f"something has been due for {minutes} minutes: nobody works", fix)


async def _messages(db: Database, now: datetime) -> Finding:
    count = await messages.count_troubled(db, now - timedelta(days=1))
    if count:
        what = f"{count} of the last day were refused, bounced or never confirmed"
        return Finding("messages", "look", what, "openmedspa outbox list")
    return Finding("messages", "well", "none of the last day failed")


async def _dashboard(settings: Settings, db: Database) -> Finding:
    """The admin secret is for the beginning: nobody's name stands beside what is done with it."""
    is_secret = bool(settings.admin_secret) and await accounts.find_secret_off(db) is None
    admins = [row for row in await accounts.list_operators(db) if row["role"] == "admin" and not row["disabled_at"]]
    if is_secret and admins and settings.environment == "production":
        what = "the admin secret still opens it, although there are admins with accounts"
        return Finding("dashboard", "look", what, "openmedspa operators secret off")
    return Finding("dashboard", "well", f"{len(admins)} with an account may change things there")


async def _calls(db: Database, now: datetime) -> Finding:
    lost = await usage.count_not_recorded(db, now - timedelta(days=1))
    if lost:
        what = f"{lost} calls of the last day were answered and not written down"
        return Finding("log of calls", "look", what, "Was the database away or slow? Its own log says when and why.")
    return Finding("log of calls", "well", "every call of the last day is written down")


async def _endpoints(db: Database) -> list[Finding]:
    found = [_endpoint(row) for row in await webhooks.list_troubled_endpoints(db)]
    return found or [Finding("endpoints", "well", "all that are on answer well")]


def _endpoint(row: Row) -> Finding:
    where = f"{row['url']} of {row['partner']}"
    if row["switched_off_at"]:
        what = f"{where} was switched off on {row['switched_off_at']:%Y-%m-%d %H:%M} UTC: {row['switched_off_because']}"
        told = "" if row["has_contact"] else f' Nobody was told: openmedspa partners set "{row["partner"]}" --email …'
        return Finding("endpoints", "ill", what, f'openmedspa webhooks on "{row["partner"]}" {row["name"]}{told}')
    what = f"{where} has failed since {row['failing_since']:%Y-%m-%d %H:%M} UTC"
    return Finding("endpoints", "look", what, f'openmedspa webhooks list "{row["partner"]}" --deliveries')
