"""What a serving process has at hand. Built once at start and passed in; never reached for as a global."""

from asyncio import Semaphore
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime

from msgspec import Struct, field

from openmedspa.kit.backlog import Backlog
from openmedspa.kit.buckets import Buckets
from openmedspa.kit.crypto import Vault
from openmedspa.kit.db import Database
from openmedspa.kit.places import Places

MOST_CALLS = 50_000  # some 25 MB
MOST_LARGE = 4  # bodies of more than the usual size that a process takes in at once


def utc_now() -> datetime:
    return datetime.now(UTC)


class Carriers(Struct, frozen=True):
    """Who carries mail and texts. Without one, staging keeps them in its outbox, and production lets them wait."""

    smtp_url: str = ""  # smtp(s)://user:password@host:port
    mail_from: str = ""  # the address that all mail comes from; the practice's name stands beside it
    sms_url: str = ""  # of a Twilio-compatible API
    sms_account: str = ""
    sms_token: str = ""
    sms_from: str = ""
    operator_email: str = ""  # who is told what no partner can be told


class House(Struct, frozen=True):
    """`db` serves requests inside their scope; `system` sees all tenants and is the worker's and the CLI's."""

    db: Database
    system: Database
    vault: Vault
    public_url: str
    is_production: bool
    allow_loopback: bool  # may a webhook go to this machine? Only under --demo on loopback.
    carriers: Carriers = Carriers()
    admin_secret: str = ""  # opens the operators' pages, until it is switched off; empty: it does not
    metrics_token: str = ""  # opens /metrics
    webhook_user_agent: str = "Spakinect-Webhook/1.0"
    now: Callable[[], datetime] = utc_now
    calls: Backlog = field(default_factory=lambda: Backlog(MOST_CALLS))  # calls that wait to be written down
    call_days: int = 90  # how long they are kept
    reads: deque[tuple[object, ...]] = field(default_factory=deque)  # audit rows that wait to be copied
    buckets: Buckets = field(default_factory=Buckets)  # who called how often
    large_bodies: Semaphore = field(default_factory=lambda: Semaphore(MOST_LARGE))
    partners_live: Places = field(default_factory=lambda: Places(each=3, all_=30))  # pages that are told what comes
    operators_live: Places = field(default_factory=lambda: Places(each=20, all_=20))
    keys_used: dict[int, datetime] = field(default_factory=dict)  # last uses that wait to be noted
