"""When what failed is tried again, a webhook or a message. No I/O, no clock, no randomness of its own."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

# Twelve tries over 75 hours: a receiver's long weekend is survived.
DELAYS_SECONDS = (0, 5, 30, 120, 600, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
RETRY_AFTER_LIMIT_SECONDS = 86400
# Only ever later: what failed together must not come back together, and no sooner than promised.
JITTER_SHARE = 0.2


def next_try_at(tries: int, now: datetime, *, jitter: float, retry_after_seconds: int | None = None) -> datetime | None:
    """When to try again after `tries` tries (0: the first), jitter in [0, 1); None when the ladder is exhausted.

    A `Retry-After` longer than the ladder's step is obeyed up to 24 h, a shorter one does not hasten it.
    """
    if tries >= len(DELAYS_SECONDS):
        return None
    asked = min(retry_after_seconds or 0, RETRY_AFTER_LIMIT_SECONDS)
    seconds = max(DELAYS_SECONDS[tries], asked) * (1 + JITTER_SHARE * jitter)
    return now + timedelta(seconds=seconds)


def parse_retry_after(text: str | None, now: datetime) -> int | None:
    """Seconds to the moment a `Retry-After` names (seconds or HTTP date), at most 24 h; None when it is neither."""
    stripped = (text or "").strip()
    if re.fullmatch(r"[0-9]+", stripped):
        return min(int(stripped.lstrip("0")[:9] or 0), RETRY_AFTER_LIMIT_SECONDS)
    try:
        moment = parsedate_to_datetime(stripped)
        seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return min(max(int(seconds), 0), RETRY_AFTER_LIMIT_SECONDS)
