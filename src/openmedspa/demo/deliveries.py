"""What was sent by webhook before the demo began: an archive's endpoint that has been removed since.

All of it is over, so nothing is ever sent from here. Pure; the same seed and visits tell the same deliveries.
"""
# ruff: noqa: S311 - a seeded generator is the point

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from openmedspa.kit.db import Row
from openmedspa.kit.ladder import next_try_at

NAME, URL = "archive", "https://hooks.example.com/openmedspa"
MOST = 20
LASTED = (-29, -2)  # days from now: older ones are forgotten, and then the endpoint was removed
GIVEN_UP, LATE = 15, (3, 9)  # which of them, the latest first: by its ladder's end; delivered at the second try
# What an answer was, in the words that a try is written down in.
Answer = tuple[int | None, str, str | None]
DOWN: Answer = (500, "HTTP 500", "Internal Server Error")
SLOW: Answer = (None, "no answer within 10 s", None)
TAKEN: Answer = (200, "HTTP 200", None)


def tell(visits: Sequence[Row], *, seed: int) -> list[dict[str, Any]]:
    """Rows of events, deliveries and tries for visits that were signed, the latest first."""
    random = Random(seed)
    return [_delivery(random, visit, place) for place, visit in enumerate(visits)]


def lasted(now: datetime) -> tuple[datetime, datetime]:
    """Since when events were sent there, and when it was removed."""
    since, until = (now + timedelta(days=days) for days in LASTED)
    return since, until


def _delivery(random: Random, visit: Row, place: int) -> dict[str, Any]:
    """One delivery with its tries; its last try is its end."""
    at: datetime = visit["signed_at"]
    tries = list[dict[str, Any]]()
    for answer in _answers(place):
        due = next_try_at(len(tries), at, jitter=random.random())
        assert due is not None
        tries.append(_try(random, due, answer))
        at = due
    is_given_up = place == GIVEN_UP
    return {
        "practice_id": visit["practice_id"], "visit_id": visit["id"], "record_version": visit["version"],
        "event_id": f"evt_{random.getrandbits(128):032x}", "occurred_at": visit["signed_at"],
        "delivered_at": None if is_given_up else at, "failed_at": at if is_given_up else None, "tries": tries,
    }  # fmt: skip


def _answers(place: int) -> list[Answer]:
    if place == GIVEN_UP:
        return [DOWN] * 12
    return [SLOW, TAKEN] if place in LATE else [TAKEN]


def _try(random: Random, at: datetime, answer: Answer) -> dict[str, Any]:
    status, cause, text = answer
    took = 10_000 if status is None else random.randint(20, 300)
    return {"at": at, "status": status, "cause": cause, "answer": text, "duration_ms": took}
