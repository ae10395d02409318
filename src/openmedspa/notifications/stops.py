"""Who answered STOP to a text gets no more of them, until START. Of the number, whichever practice wrote last."""

from datetime import datetime

from openmedspa.kit.db import Reads
from openmedspa.notifications import queries

STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"})
START = frozenset({"START", "YES", "UNSTOP"})


async def hear(db: Reads, phone: str, words: str, *, now: datetime) -> None:
    """What somebody answered to a text. Anything but the carriers' own words changes nothing, and is not kept."""
    word = words.strip().strip(".!\"'").upper()
    if word in STOP:
        await queries.insert_stop(db, e164(phone), now)
    elif word in START:
        await queries.delete_stop(db, e164(phone))


def e164(phone: str) -> str:
    return "+" + phone.strip().lstrip("+")
