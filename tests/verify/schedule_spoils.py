"""Ways to spoil what is asked and answered of a schedule: the words of the defects that are about free time."""

import json
from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from verify.partner_spoils import Record, place, records
from verify.spoiler import Asked, Reply, changed
from verify.spoils import Spoil

PROVIDER = "/availability/providers/"
SCHEDULE, CHECK, SLOTS, NEXT = (f"{PROVIDER}/{word}" for word in ("schedule", "check", "slots", "next-slot"))
FREE = ("POST", "/visits"), ("POST", "/holds")


def checked(**changes: Any) -> Spoil:
    """Every check says so; None leaves a field out."""
    return records(lambda one: changed(one, **changes), CHECK)


def slots(spoil: Callable[[list[str]], list[str]]) -> Spoil:
    """Other times are listed, and counted."""

    def of(one: Record) -> Record:
        times = spoil(one["Slots"])
        return {**one, "Slots": times, "Count": len(times)}

    return records(of, SLOTS)


def the_next(spoil: Callable[[Record], Record]) -> Spoil:
    """Another next slot than there is, where there is one."""
    return records(lambda one: {**one, "TheNextSlot": one["TheNextSlot"] and spoil(one["TheNextSlot"])}, NEXT)


def a_day_later(slot: Record) -> Record:
    return {**slot, "Date": (date.fromisoformat(slot["Date"]) + timedelta(days=1)).isoformat()}


def offers_what_it_offered() -> Spoil:
    """The slots of a day are those that were listed first."""
    first: dict[str, Reply] = {}
    return lambda asked, reply: first.setdefault(asked.path, reply) if place(asked) == SLOTS else reply


def gives_no_time_back() -> Spoil:
    """What was ever booked or held stays out of the slots."""
    gone: defaultdict[str, set[str]] = defaultdict(set)

    def of(asked: Asked, reply: Reply) -> Reply:
        if reply.status == 201 and (asked.method, place(asked)) in FREE:
            gone[asked.json["Date"]].add(asked.json["Time"])
        if place(asked) != SLOTS or reply.status != 200:
            return reply
        one = reply.json["data"]
        return slots(lambda times: [time for time in times if time not in gone[one["Date"]]])(asked, reply)

    return of


def shows_holds() -> Spoil:
    """Whatever is held stands in the schedule."""
    held: list[Record] = []

    def of(asked: Asked, reply: Reply) -> Reply:
        if reply.status == 201 and place(asked) == "/holds":
            held.append(asked.json)
        if place(asked) != SCHEDULE or reply.status != 200:
            return reply
        data = reply.json["data"]
        for one in held:
            entry = {"VisitID": 1, "time": one["Time"], "duration": 30, "type": "HOLD", "booked": True}
            data["schedule"].setdefault(one["Date"], []).append(entry)
        return reply.saying({"data": data})

    return of


def closed_from(time: str) -> Spoil:
    """Whatever begins later is refused, though it was offered."""

    def of(asked: Asked, reply: Reply) -> Reply:
        if reply.status != 201 or place(asked) != "/visits" or asked.json["Time"] < time:
            return reply
        return reply.saying({"error": {"code": "slot_taken", "message": "Too late"}}, 409)

    return of


def without_hold(asked: Asked) -> Asked:
    """A visit is booked as if no hold were named."""
    if place(asked) != "/visits" or not isinstance(asked.json, dict):
        return asked
    return asked._replace(body=json.dumps(changed(asked.json, HoldID=None)).encode())
