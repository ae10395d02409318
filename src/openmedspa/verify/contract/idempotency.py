"""Checks of Idempotency-Key: the first answer again, another request refused, one effect however many send it."""

import asyncio
from secrets import token_hex

from openmedspa.verify.answer import require
from openmedspa.verify.checks import Chapter
from openmedspa.verify.trial import Trial

chapter = Chapter("idempotency", section="Idempotency-Key", needs=("treatments",))
TWINS = 8


def _key() -> dict[str, str]:
    return {"Idempotency-Key": f"verify-{token_hex(8)}"}


@chapter.extension()
async def at_home(trial: Trial) -> None:
    """The same key and order at home give the same visit again."""
    order, headers = trial.home(), _key()
    first = await trial.post("/appointments", order, headers=headers)
    first.has_status(201)
    (await trial.post("/appointments", order, headers=headers)).is_(201, first.json)


@chapter.extension()
async def in_person(trial: Trial) -> None:
    """The same key and order in person give the same visit and link again."""
    order, headers = trial.person(), _key()
    first = await trial.post("/in-person", order, headers=headers)
    first.has_status(201)
    (await trial.post("/in-person", order, headers=headers)).is_(201, first.json)


@chapter.extension()
async def cancel(trial: Trial) -> None:
    """A cancel that is sent again with its key is answered 200 again, where another one is refused."""
    path, headers = f"/appointments/{await trial.order()}/cancel", _key()
    first = await trial.patch(path, headers=headers)
    first.has_status(200)
    (await trial.patch(path, headers=headers)).is_(200, first.json)
    (await trial.patch(path, headers=_key())).refuses(400)


@chapter.extension()
async def subscription(trial: Trial) -> None:
    """A subscription that is sent again with its key is answered as the first time."""
    body, headers = {"location_id": trial.given.location}, _key()
    first = await trial.post("/subscriptions", body, headers=headers)
    first.has_status(200)
    (await trial.post("/subscriptions", body, headers=headers)).is_(200, first.json)


@chapter.extension()
async def other_body(trial: Trial) -> None:
    """The same key with another body is answered 409."""
    order, headers = trial.home(), _key()
    (await trial.post("/appointments", order, headers=headers)).has_status(201)
    (await trial.post("/appointments", order | {"appointment_time": 5}, headers=headers)).refuses(409)


@chapter.extension()
async def other_path(trial: Trial) -> None:
    """The same key at another path is answered 409."""
    headers = _key()
    first, second = [await trial.order() for _ in range(2)]
    (await trial.patch(f"/appointments/{first}/cancel", headers=headers)).has_status(200)
    (await trial.patch(f"/appointments/{second}/cancel", headers=headers)).refuses(409)


@chapter.extension()
async def other_key(trial: Trial) -> None:
    """The same order with another key is another visit."""
    order = trial.home()
    answers = [await trial.post("/appointments", order, headers=_key()) for _ in range(2)]
    for answer in answers:
        answer.has_status(201)
    ids = [answer.json["gfe_id"] for answer in answers]
    require(ids[0] != ids[1], "two visits", ids)


@chapter.extension()
async def at_once(trial: Trial) -> None:
    """However many send the same key and order at once: there is one visit, and each hears its id or 409."""
    order, headers = trial.home(), _key()
    answers = await asyncio.gather(*(trial.post("/appointments", order, headers=headers) for _ in range(TWINS)))
    for answer in answers:
        answer.has_status(201, 409)
    ids = {answer.json["gfe_id"] for answer in answers if answer.status == 201}
    require(len(ids) == 1, "one visit", sorted(ids))


@chapter.extension()
async def refusal_keeps_nothing(trial: Trial) -> None:
    """A refused request does not use its key up."""
    order, headers = trial.home(), _key()
    (await trial.post("/appointments", order | {"appointment_time": 0}, headers=headers)).refuses(400)
    (await trial.post("/appointments", order, headers=headers)).has_status(201)


@chapter.extension()
async def key_bad(trial: Trial) -> None:
    """A key of more than 255 characters is answered 400."""
    (await trial.post("/appointments", trial.home(), headers={"Idempotency-Key": "k" * 256})).refuses(400)
