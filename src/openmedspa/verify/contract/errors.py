"""Checks of requests that no door understands (paths, methods, bodies), and of what all answers carry."""

from typing import Any

from openmedspa.verify.answer import require
from openmedspa.verify.checks import Chapter
from openmedspa.verify.contract.words import UNKNOWN_LOCATION
from openmedspa.verify.shape import TEXT
from openmedspa.verify.trial import Trial

chapter = Chapter("errors", section="Authentication and errors")
MEBIBYTE = 1024 * 1024


@chapter.documented()
async def unknown_path(trial: Trial) -> None:
    """An unknown path is answered 404 with a message that names it."""
    for method, path in (("GET", "/invalid-path"), ("POST", "/appointments/one/two"), ("GET", "/visits")):
        answer = await trial.send(method, path)
        answer.refuses(404, "Not found", f"EMR endpoint {path} not found")


@chapter.extension()
async def wrong_method(trial: Trial) -> None:
    """A known path with another method is answered 405, and Allow names the method there is."""
    for method, path, allowed in (
        ("DELETE", "/treatments", "GET"),
        ("GET", "/appointments", "POST"),
        ("POST", "/appointments/gfe_x/cancel", "PATCH"),
    ):
        answer = await trial.send(method, path)
        answer.refuses(405)
        allow = answer.headers.get("allow", "")
        require(allowed in allow.split(", "), f"Allow: {allowed}", f"Allow: {allow}")


@chapter.extension()
async def path_before_body(trial: Trial) -> None:
    """The path is looked at before the body."""
    (await trial.post("/invalid-path", raw=b"{")).refuses(404, "Not found", "EMR endpoint /invalid-path not found")


@chapter.extension("treatments")
async def body_before_location(trial: Trial) -> None:
    """The body is looked at before the location: a wrong order at an unknown location is a wrong order."""
    order = trial.home(location_id=UNKNOWN_LOCATION, appointment_time=None)
    (await trial.post("/appointments", order)).names("appointment_time")


@chapter.extension()
async def too_large(trial: Trial) -> None:
    """A body over 1 MiB is answered 413."""
    body = b'{"filler": "' + b"a" * MEBIBYTE + b'"}'
    (await trial.post("/in-person", raw=body)).refuses(413)


@chapter.extension("treatments")
async def large_enough(trial: Trial) -> None:
    """A body just below 1 MiB is taken."""
    (await trial.post("/in-person", trial.person(note="a" * (MEBIBYTE - 2000)))).has_status(201)


@chapter.extension("treatments")
async def other_content_type(trial: Trial) -> None:
    """A body that does not call itself JSON is answered 415."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/octet-stream"):
        answer = await trial.post("/appointments", trial.home(), headers={"Content-Type": kind})
        answer.refuses(415)


@chapter.documented("treatments")
async def content_type_with_charset(trial: Trial) -> None:
    """A content type may name its character set."""
    headers = {"Content-Type": "application/json; charset=utf-8"}
    (await trial.post("/appointments", trial.home(), headers=headers)).has_status(201)


@chapter.documented()
async def broken_json(trial: Trial) -> None:
    """A body that is no JSON is answered 400."""
    for raw in (b"{", b'{"location_id": }', b"location_id=loc_1", b'{"a": 1} x'):
        (await trial.post("/appointments", raw=raw)).refuses(400)


@chapter.documented()
async def not_an_object(trial: Trial) -> None:
    """A body that is JSON and no object is answered 400."""
    for body in list[Any](([], "text", 5, True)):
        (await trial.post("/subscriptions", body)).refuses(400)


@chapter.extension()
async def invalid_utf_8(trial: Trial) -> None:
    """A body that is not UTF-8 is answered 400."""
    (await trial.post("/subscriptions", raw=b'{"location_id": "loc_\xff"}')).refuses(400)


@chapter.extension("treatments")
async def nul(trial: Trial) -> None:
    """A text with the character U+0000 is answered 400, wherever it stands."""
    intake = [{"question": "allergies", "answer": {"selected": "yes", "items": ["Lat\x00ex"]}}]
    for path, order in (
        ("/appointments", trial.home({"first_name": "Ve\x00ra"})),
        ("/in-person", trial.person({"last_name": "Test\x00case"})),
        ("/in-person", trial.person(intake_answers=intake)),
    ):
        (await trial.post(path, order)).refuses(400)


@chapter.extension("treatments")
async def lone_surrogate(trial: Trial) -> None:
    """Half a surrogate pair is no text and is answered 400."""
    (await trial.post("/appointments", trial.home({"first_name": "Ve\ud800ra"}))).refuses(400)


@chapter.extension()
async def nonsense(trial: Trial) -> None:
    """Nonsense is refused with 400, and never breaks the server."""
    deep = b'{"location_id": ' + b"[" * 5000 + b"]" * 5000 + b"}"
    for raw in (deep, b'{"location_id": 1e999}', b'{"location_id": {}}', b"\x00", b"\xef\xbb\xbf[]"):
        (await trial.post("/subscriptions", raw=raw)).refuses(400)


@chapter.documented()
async def json_everywhere(trial: Trial) -> None:
    """Answers and refusals call themselves application/json."""
    for path, key in (("/treatments", trial.given.key), ("/treatments", None), ("/invalid-path", trial.given.key)):
        kind = (await trial.get(path, key=key)).headers.get("content-type", "none")
        require(kind.partition(";")[0] == "application/json", "Content-Type: application/json", f"Content-Type: {kind}")


@chapter.extension()
async def request_id(trial: Trial) -> None:
    """Every response carries X-Request-Id, another one each time."""
    asked = [("GET", "/treatments", True), ("GET", "/treatments", False), ("GET", "/invalid-path", True)]
    asked += [
        ("DELETE", "/treatments", True),
        ("POST", "/subscriptions", True),
        ("GET", f"/gfes/{UNKNOWN_LOCATION}", True),
    ]
    seen = []
    for method, path, with_key in asked:
        answer = await trial.send(method, path, key=trial.given.key if with_key else None)
        require("x-request-id" in answer.headers, "the header X-Request-Id", f"{answer.status} without one")
        seen.append(answer.headers["x-request-id"])
        require(TEXT.holds(seen[-1]), "X-Request-Id with a text", "an empty one")
    require(len(set(seen)) == len(seen), "another X-Request-Id each time", ", ".join(seen))
