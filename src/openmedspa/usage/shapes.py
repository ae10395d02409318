"""What can be asked of the log of calls, and how its figures are written. No I/O."""

import re
from datetime import UTC, datetime, timedelta
from typing import Literal

from msgspec import Struct
from msgspec.structs import asdict

Period = Literal["24h", "7d", "30d", "90d", "all"]
PERIODS: dict[Period, str] = {
    "24h": "24 hours", "7d": "7 days", "30d": "30 days", "90d": "90 days", "all": "All time",
}  # fmt: skip
DAYS: dict[Period, int] = {"7d": 7, "30d": 30, "90d": 90}
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CURSOR = re.compile(r"(\d{1,16})-(\d{1,18})")
STATUS = re.compile(r"[1-5](?:xx|\d\d)")


def beginnings(period: Period, now: datetime, *, since: datetime | None = None) -> list[datetime]:
    """When each hour or day of the period begins, in UTC, oldest first; the one that it is now is its last.

    All time has days since then, a week of them if nothing is said.
    """
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    if period == "24h":
        return [hour - timedelta(hours=back) for back in range(23, -1, -1)]
    today = hour.replace(hour=0)
    days = (today - since).days + 1 if since else DAYS.get(period, 7)
    return [today - timedelta(days=back) for back in range(days - 1, -1, -1)]


class Sums(Struct, frozen=True):
    """Calls added up: how many, how many of them with a status of 400 or more, and how long all took."""

    calls: int = 0
    errors: int = 0
    duration_us: int = 0

    @property
    def success_rate(self) -> str:
        """In percent: `97.6%`. Never 100 while there is an error, and `0%` without calls."""
        if not self.calls:
            return "0%"
        tenths = (self.calls - self.errors) * 1000 // self.calls if self.errors else 1000
        return f"{tenths / 10:.1f}%".replace(".0%", "%")

    @property
    def average(self) -> str:
        return milliseconds(self.duration_us / self.calls) if self.calls else "0ms"


class Span(Struct, frozen=True):
    """The sums of an hour or a day that began then."""

    at: datetime
    sums: Sums


class Busy(Struct, frozen=True):
    """The sums of a route, and its slowest call."""

    method: str
    route: str
    sums: Sums
    slowest_us: int


class Cursor(Struct, frozen=True):
    """A place between two calls, in the order of time."""

    at: datetime
    id: int

    @property
    def text(self) -> str:
        return f"{(self.at - EPOCH) // timedelta(microseconds=1)}-{self.id}"

    @classmethod
    def of(cls, text: str) -> "Cursor | None":
        """None for a text that is no cursor of ours."""
        found = CURSOR.fullmatch(text)
        return cls(EPOCH + timedelta(microseconds=int(found[1])), int(found[2])) if found else None


class Asked(Struct, frozen=True, kw_only=True):
    """Which calls: all that is named must be so. `status_from` and `status_to` are meant with both ends."""

    partner_id: int | None = None
    key_id: int | None = None
    practice: str | None = None  # its PPass
    method: str | None = None
    route: str | None = None  # empty: a path that there is not
    status_from: int | None = None
    status_to: int | None = None
    code: str | None = None
    address: str | None = None
    request_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: Cursor | None = None
    after: Cursor | None = None

    def conditions(self) -> dict[str, object]:
        """What is asked besides times, by its name in the queries."""
        times = ("since", "until", "before", "after", "status_from", "status_to")
        named = {name: value for name, value in asdict(self).items() if value is not None and name not in times}
        return named | self._statuses()

    def _statuses(self) -> dict[str, object]:
        """As the indexes have them: one status, failures of ours, failures of any kind, or whatever else."""
        low, high = self.status_from, self.status_to
        if low is None or high is None:
            return {}
        if low >= 400 and low == high:
            return {"failed_status": low}
        if low in (400, 500) and high == 599:
            return {"failed" if low == 400 else "broken": high}
        if low == 400:
            return {"failed": high}
        return {"status_from": low, "status_to": high}


def milliseconds(microseconds: float) -> str:
    """`14ms`; under ten with a tenth, and never nothing."""
    value = microseconds / 1000
    return f"{max(0.1, value):.1f}ms".replace(".0ms", "ms") if value < 9.95 else f"{value:,.0f}ms"


def statuses(text: str) -> tuple[int, int] | None:
    """`404`, `4xx`, or `errors`: the first and the last status that is meant; None for anything else."""
    if text == "errors":
        return 400, 599
    if not STATUS.fullmatch(text):
        return None
    return int(text.replace("xx", "00")), int(text.replace("xx", "99"))
