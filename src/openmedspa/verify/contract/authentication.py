"""Checks of who may enter: the key, its scope, its locations, and that it is looked at first."""

from openmedspa.verify.checks import Chapter
from openmedspa.verify.contract.words import KEY_INVALID, KEY_MISSING, NO_LOCATION, NO_SCOPE
from openmedspa.verify.shape import mentions
from openmedspa.verify.trial import Trial

chapter = Chapter("authentication", section="Authentication and errors")
CALLS = [
    ("POST", "/appointments"), ("PATCH", "/appointments/gfe_x/cancel"), ("POST", "/in-person"),
    ("GET", "/visits/gfe_x"), ("GET", "/gfes/loc_x"), ("GET", "/treatments"), ("POST", "/subscriptions"),
    ("POST", "/webhooks"),
]  # fmt: skip


@chapter.documented()
async def key_missing(trial: Trial) -> None:
    """A request without the header x-api-key is answered 401, in the documents' words."""
    (await trial.get("/treatments", key=None)).refuses_just(401, KEY_MISSING)


@chapter.documented()
async def key_unknown(trial: Trial) -> None:
    """A key that was never given out is answered 401."""
    last = "a" if trial.given.key[-1:] != "a" else "b"
    for key in (trial.given.key[:-1] + last, "0" * 40):
        (await trial.get("/treatments", key=key)).refuses_just(401, KEY_INVALID)


@chapter.documented()
async def key_malformed(trial: Trial) -> None:
    """What is no key at all is answered 401 as well, never 500."""
    for key in ("x", "null", "Bearer x", "'", "a" * 4000, trial.given.key + "1"):
        (await trial.get("/treatments", key=key)).refuses_just(401, KEY_INVALID)


@chapter.documented("ended_key")
async def key_ended(trial: Trial) -> None:
    """A key that was revoked or has expired is answered 401."""
    (await trial.get("/treatments", key=trial.given.ended_key)).refuses_just(401, KEY_INVALID)


@chapter.extension("other_key")
async def key_of_the_other_environment(trial: Trial) -> None:
    """A key of the other environment is answered 401 with a message that says so."""
    answer = await trial.get("/treatments", key=trial.given.other_key)
    answer.refuses(401, KEY_INVALID, mentions("production"))


@chapter.documented("scopeless_key")
async def scope_missing(trial: Trial) -> None:
    """A key without the scope Exams is answered 403."""
    for method, path in CALLS:
        answer = await trial.send(method, path, key=trial.given.scopeless_key)
        answer.refuses_just(403, NO_SCOPE)


@chapter.extension("narrow_key", "second_location")
async def key_narrowed(trial: Trial) -> None:
    """A key that was narrowed to one location is refused at the EMR's others, where the EMR itself is not."""
    second, narrow = trial.given.second_location, trial.given.narrow_key
    (await trial.get(f"/gfes/{second}?limit=1")).has_status(200)
    (await trial.get(f"/gfes/{trial.given.location}?limit=1", key=narrow)).has_status(200)
    (await trial.get(f"/gfes/{second}?limit=1", key=narrow)).refuses_just(403, NO_LOCATION)


@chapter.documented()
async def every_call_asks(trial: Trial) -> None:
    """Every call of the API asks for the key."""
    for method, path in CALLS:
        (await trial.send(method, path, key=None)).refuses_just(401, KEY_MISSING)


@chapter.documented()
async def header_in_any_case(trial: Trial) -> None:
    """The header's name may be written in any case, as HTTP has it."""
    for name in ("X-API-KEY", "X-Api-Key"):
        (await trial.get("/treatments", key=None, headers={name: trial.given.key})).has_status(200)


@chapter.extension()
async def key_before_path(trial: Trial) -> None:
    """The key is looked at before the path: without one, nobody learns which paths there are."""
    for method, path in (("GET", "/invalid-path"), ("DELETE", "/treatments")):
        (await trial.send(method, path, key=None)).refuses_just(401, KEY_MISSING)


@chapter.extension()
async def key_before_body(trial: Trial) -> None:
    """The key is looked at before the body."""
    (await trial.post("/appointments", raw=b"{", key=None)).refuses_just(401, KEY_MISSING)
