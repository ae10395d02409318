"""What operators' and partners' tables of deliveries share: the question in the address, columns, words, the CSV."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from urllib.parse import urlsplit

from openmedspa.kit.db import Row
from openmedspa.portals.layout.listing import PER_PAGE, Column, sheet
from openmedspa.portals.layout.older import Older, older, place
from openmedspa.webhooks import log
from openmedspa.webhooks.log import Read, Sought
from openmedspa.webhooks.shapes import State

MOST_IN_CSV = 100_000
STATES: Mapping[str, State] = {"delivered": "delivered", "waiting": "waiting", "failed": "failed"}
TONES = {"delivered": "good", "waiting": "warn", "failed": "bad"}
LARGEST_ID = 2**31 - 1


def state_of(row: Row) -> State:
    return "waiting" if row["due_at"] else "delivered" if row["delivered_at"] else "failed"


def host_of(row: Row) -> str:
    """Where it goes, as far as a table needs it: an address may hold what is nobody's business here."""
    url: str = row["url"]
    return urlsplit(url).netloc.rpartition("@")[2]


TIME = Column("created_at", "Time", is_sortable=False)
EVENT = Column("event_id", "Event", is_sortable=False)
PARTNER = Column("partner", "Partner", is_sortable=False)
VISIT = Column("gfe_id", "Visit", is_sortable=False)
RESULT = [
    Column("endpoint", "Endpoint", lambda row: f"{row['endpoint']} · {host_of(row)}", is_sortable=False),
    Column("state", "State", state_of, is_sortable=False),
    Column("status", "Last status", is_sortable=False, is_number=True),
    Column("tries", "Tries", is_sortable=False, is_number=True),
    Column("cause", "Cause", is_sortable=False),
    Column("duration_ms", "Duration (ms)", is_sortable=False, is_number=True),
]
OF_ALL = [TIME, EVENT, PARTNER, *RESULT]
OWN = [TIME, EVENT, VISIT, *RESULT]


def sought(query: Mapping[str, str]) -> Sought:
    """What the address asks for; what is none of our words asks for nothing."""
    return Sought(
        endpoint_id=number(query.get("endpoint", "")),
        state=STATES.get(query.get("state", "")),
        words=query.get("search", "").strip()[:200],
    )


def number(text: str) -> int | None:
    """An id that stands in an address; None for what is none."""
    is_id = text.isascii() and text.isdecimal() and len(text) <= 10 and 0 < int(text) <= LARGEST_ID
    return int(text) if is_id else None


async def page(
    read: Read, query: Mapping[str, str], columns: Sequence[Column], *, address: str, filters: Mapping[str, str]
) -> Older:
    """One page of what is asked for; `filters` are the reader's own besides endpoint and state."""
    asked = sought(query)
    rows = await read(asked, place(query, log.NEWEST), PER_PAGE + 1)
    chosen = {"endpoint": str(asked.endpoint_id or ""), "state": asked.state or "", **filters}
    return older(rows, columns, query, address=address, place_of=log.place_of, filters=chosen, search=asked.words)


async def chunks(read: Read, query: Mapping[str, str], columns: Sequence[Column]) -> AsyncGenerator[bytes]:
    """The same as CSV, all pages, made as it is read."""
    yield sheet(columns, [])
    async for rows in log.walk(read, sought(query), most=MOST_IN_CSV):
        yield sheet(columns, rows, head=False)


def counts(query: Mapping[str, str]) -> tuple[int, int] | None:
    """How many a replay sent and left out, as the address says after it; numbers and nothing else."""
    sent, left_out = query.get("sent", ""), query.get("left_out", "")
    if not all(text.isascii() and text.isdecimal() and len(text) < 6 for text in (sent, left_out)):
        return None
    return int(sent), int(left_out)
