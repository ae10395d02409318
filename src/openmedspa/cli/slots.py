"""`openmedspa slots`: when a provider can be booked, and the week drawn. Asks the slice, prints the answer."""

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from cyclopts import Parameter

from openmedspa.cli.flags import DataDir, Json, switch
from openmedspa.cli.tables import show, show_json
from openmedspa.cli.talk import BOLD, data, paint, say, typable
from openmedspa.kit.errors import Stopped

if TYPE_CHECKING:
    from openmedspa.cli.database import Desk
    from openmedspa.kit.db import Row, Tx
    from openmedspa.scheduling.diaries import Asked, Page

EXAM_COLUMNS = {
    "next": "NEXT", "time_zone": "TIME ZONE", "provider_id": "NUMBER", "name": "NAME", "title": "TITLE",
    "licence_number": "LICENCE",
}  # fmt: skip
MOST_DAYS = 365
LABEL = 17
EXAM_DAYS = 60


class Question(NamedTuple):
    """What was asked for, whoever is asked about."""

    practice: str | None
    day: date | None
    duration: int | None
    visit_type: str | None
    location: str | None
    as_json: bool


async def slots(
    provider: Annotated[str | None, Parameter(help="A number, reference or name.")] = None,
    date: Annotated[str | None, Parameter(help="As in 2026-03-09; today unless given.")] = None,
    /,
    *,
    practice: Annotated[str | None, Parameter(help="Whose provider: a PPass, when several share a name.")] = None,
    week: Annotated[bool, switch("Draw the week of the date.")] = False,
    state: Annotated[
        str | None, Parameter(help="Instead of a provider: who may examine in this state, and when.")
    ] = None,
    duration: Annotated[int | None, Parameter(help="Minutes; the type's, or 30; 15 with --state.")] = None,
    type: Annotated[  # noqa: A002 the flag is --type
        str | None, Parameter(help="A visit type, whose time around it is kept free; else the largest.")
    ] = None,
    location: Annotated[str | None, Parameter(help="Where; the provider's home unless given.")] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """When a provider can be booked: the next time and the day's, or a week drawn."""
    from openmedspa.cli.database import open_desk

    if (provider is None) == (state is None):
        raise Stopped("slots takes a PROVIDER or --state.", "openmedspa slots 1 --week", exit_code=2)
    if duration is not None and not 5 <= duration <= 480:
        raise Stopped(f"--duration {duration} does not fit: 5 to 480 minutes.", "Try --duration 30.", exit_code=2)
    if state is not None and (week or type is not None or location is not None):
        what = next(flag for flag, said in (("--week", week), ("--type", type), ("--location", location)) if said)
        raise Stopped(f"{what} does not go with --state.", "openmedspa slots --state CA --duration 15", exit_code=2)
    question = Question(practice, _day(date), duration, type and type.upper(), location, as_json)
    async with open_desk(data_dir) as desk:
        if state is not None:
            await _exams(desk, state.upper(), question)
        elif week:
            await _week(desk, str(provider), question)
        else:
            await _today(desk, str(provider), question)


async def _exams(desk: "Desk", state: str, question: Question) -> None:
    """Who is licensed there, of the groups that these practices have agreements with, the earliest first."""
    from zoneinfo import ZoneInfo

    from openmedspa.practices import queries, register
    from openmedspa.practices.states import STATES
    from openmedspa.scheduling import roster

    if state not in STATES:
        raise Stopped(f"“{state}” is no state of the United States.", "Two letters: --state CA.", exit_code=2)
    if question.practice is not None:
        practice_ids = [(await register.get_practice(desk.db, question.practice))["id"]]
    else:
        agreed = [row for row in await queries.list_agreements(desk.db) if row["ended_at"] is None]
        practice_ids = list(dict.fromkeys(row["practice_id"] for row in agreed))
    offers = await roster.next_exams(
        desk.db, practice_ids, state, minutes=question.duration or 15, days=EXAM_DAYS, now=desk.now
    )
    rows = [
        {
            "next": f"{offer.starts_at.astimezone(ZoneInfo(offer.time_zone)):%a %Y-%m-%d %H:%M}",
            "starts_at": offer.starts_at,
            **{field: getattr(offer, field) for field in EXAM_COLUMNS if field != "next"},
        }
        for offer in offers
    ]
    columns = EXAM_COLUMNS if not question.as_json else {"starts_at": "", **EXAM_COLUMNS}
    nothing = f"Nobody with a licence in {state} is free in the next {EXAM_DAYS} days."
    show(rows, columns, as_json=question.as_json, nothing=nothing)


async def _today(desk: "Desk", word: str, question: Question) -> None:
    """The next time, and those of one day."""
    from openmedspa.scheduling import diaries, roster, slots
    from openmedspa.scheduling.slots import time_of

    now = desk.now
    provider = await _provider(desk, word, question.practice)
    today = now.astimezone(UTC).date()
    day = question.day or today
    page = await diaries.find(
        desk.db, provider["practice_id"], provider["id"], _asked(question), first=min(today, day),
        last=max(day, today + timedelta(days=MOST_DAYS)), now=now,
    )  # fmt: skip
    assert page is not None
    roster.require_known(page)
    day = question.day or now.astimezone(page.zone).date()
    found = slots.next_offered(page.diary, page.visit, MOST_DAYS, now=now)
    times = [time_of(minute) for minute, _ in slots.offered(page.diary, page.visit, day, now=now)]
    if question.as_json:
        next_ = found and {"date": found[0], "time": time_of(found[1])}
        show_json({**_whose(page), "next": next_, "date": day, "slots": times})
        return
    data(paint(_name(page.provider), BOLD, stream="stdout"))
    if not page.diary.weekly and not any(page.diary.dates.values()):
        hint = f"openmedspa import hours FILE --practice {provider['ppass']}"
        data(typable(f"{'Next':<{LABEL}}has no hours at {page.location_id}: {hint}"))
        return
    next_text = f"{found[0]:%a %d %b %Y} {time_of(found[1])[:5]}" if found else f"nothing in {MOST_DAYS} days"
    data(f"{'Next':<{LABEL}}{next_text}")
    today = now.astimezone(page.zone).date()
    label = "Today" if day == today else f"{day:%a %d %b %Y}"
    data(f"{label:<{LABEL}}{_folded([time[:5] for time in times]) if times else _none(page, day, today)}")
    minutes = page.visit
    data(
        f"{'For':<{LABEL}}{minutes.minutes} minutes, {minutes.before} before and {minutes.after} after, {page.zone.key}"
    )
    if not times and question.visit_type is None and (fitting := await _fitting(desk, provider, question, day, now)):
        say(
            typable(f"{', '.join(fitting)} would fit: openmedspa slots {page.provider['id']} {day} --type {fitting[0]}")
        )


async def _fitting(desk: "Desk", provider: "Row", question: Question, day: date, now: datetime) -> list[str]:
    """The visit types of which there is a time on this day: each has its own time around it, and its own length."""
    from openmedspa.scheduling import diaries, slots
    from openmedspa.scheduling.queries import visit_types

    found = []
    for row in await visit_types.list_visit_types(desk.db, [provider["practice_id"]]):
        asked = _asked(question._replace(visit_type=row["code"]))
        page = await diaries.find(desk.db, provider["practice_id"], provider["id"], asked, first=day, last=day, now=now)
        if page is not None and next(slots.offered(page.diary, page.visit, day, now=now), None) is not None:
            found.append(row["code"])
    return found


async def _week(desk: "Desk", word: str, question: Question) -> None:
    """From Monday to Sunday, as a picture or as JSON."""
    from openmedspa.scheduling import roster, week

    now = desk.now
    provider = await _provider(desk, word, question.practice)
    asked = _asked(question)
    home = await _zone(desk, provider, asked, now)
    day = question.day or now.astimezone(home).date()
    first = day - timedelta(days=day.weekday())

    async def work(tx: "Tx") -> roster.Week:
        return await roster.open_week(tx, provider, asked, first=first, actor=desk.actor, now=now)

    opened = await desk.write(work)
    page = opened.page
    days = week.days_of(page.diary, page.visit, opened.entries, first, elsewhere=opened.elsewhere, now=now)
    if question.as_json:
        show_json({**_whose(page), "days": [_told(each, page) for each in days]})
        return
    from openmedspa.cli.week_drawing import draw

    draw(days, week.grid_of(days, page.diary), page, place=opened.location, title=_name(page.provider), now=now)


async def _provider(desk: "Desk", word: str, practice: str | None) -> "Row":
    from openmedspa.practices import register
    from openmedspa.scheduling import roster

    practice_id = (await register.get_practice(desk.db, practice))["id"] if practice is not None else None
    return await roster.get_provider(desk.db, word, practice_id)


async def _zone(desk: "Desk", provider: "Row", asked: "Asked", now: datetime) -> Any:
    """That of the place: which day it is there decides which week it is."""
    from openmedspa.scheduling import diaries

    today = now.date()
    page = await diaries.find(desk.db, provider["practice_id"], provider["id"], asked, first=today, last=today, now=now)
    assert page is not None
    return page.zone


def _asked(question: Question) -> "Asked":
    from openmedspa.scheduling.diaries import Asked

    minutes = question.duration if question.duration or question.visit_type else 30
    return Asked(minutes=minutes, visit_type=question.visit_type, location_id=question.location)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Stopped(f"“{text}” is no date.", "Say 2026-03-09.", exit_code=2) from None


def _name(provider: "Row") -> str:
    titled = ", ".join(part for part in (provider["name"], provider["title"]) if part)
    return f"{titled} · {provider['specialty']}" if provider["specialty"] else titled


def _none(page: "Page", day: date, today: date) -> str:
    """Why a day offers nothing."""
    from openmedspa.scheduling.week import hours_of

    if day < today:
        return "nothing: it is past"
    if day > today + timedelta(days=page.diary.window_days):
        return f"nothing: further ahead than the {page.diary.window_days} days that can be booked"
    return "nothing for so long: all taken, or over" if hours_of(page.diary, day) else "closed"


def _folded(times: list[str], across: int = 10) -> str:
    lines = [" ".join(times[n : n + across]) for n in range(0, len(times), across)]
    return f"\n{'':{LABEL}}".join(lines)


def _whose(page: "Page") -> dict[str, Any]:
    return {
        "provider": {field: page.provider[field] for field in ("id", "name", "title", "specialty")},
        "location_id": page.location_id, "time_zone": page.zone.key, "duration": page.visit.minutes,
        "before": page.visit.before, "after": page.visit.after, "visit_type": page.asked.visit_type,
    }  # fmt: skip


def _told(day: Any, page: "Page") -> dict[str, Any]:
    from openmedspa.scheduling.slots import time_of

    def local(moment: int) -> str:
        return datetime.fromtimestamp(moment, page.zone).isoformat()

    return {
        "date": day.day,
        "hours": [[time_of(since)[:5], time_of(until)[:5]] for since, until in day.hours],
        "breaks": [[time_of(since)[:5], time_of(until)[:5]] for since, until in day.breaks],
        "slots": [time_of(minute) for minute in day.starts],
        "away": [{"from": local(since), "until": local(until)} for since, until in day.away],
        "entries": [
            {
                "kind": entry.kind, "id": entry.id, "from": local(entry.span[0]), "duration": entry.minutes,
                "taken_from": local(entry.taken[0]), "taken_until": local(entry.taken[1]),
                "location_id": entry.location_id,
                **({"type": entry.type, "status": entry.status} if entry.type else {"lapses_at": entry.lapses_at}),
            }
            for entry in day.entries
        ],
    }  # fmt: skip
