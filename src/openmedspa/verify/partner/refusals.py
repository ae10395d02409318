"""Checks of requests that no call understands (paths, methods, bodies), and of what all answers carry."""

from typing import Any

from openmedspa.verify.answer import require
from openmedspa.verify.checks import Chapter
from openmedspa.verify.partner.trial import Trial, person
from openmedspa.verify.partner.words import names, refuses
from openmedspa.verify.shape import TEXT

chapter = Chapter("refusals", section="Errors", needs=("prospects",))
MEBIBYTE = 1024 * 1024


@chapter.extension()
async def unknown_path(trial: Trial) -> None:
    """An unknown path is answered 404."""
    for method, path in (("GET", trial.at("/invalid-path")), ("POST", "/kb/1/2"), ("GET", trial.at("/prospects/1/2"))):
        refuses(await trial.send(method, path), 404)


@chapter.extension()
async def wrong_method(trial: Trial) -> None:
    """A known path with another method is answered 405, and Allow names those there are."""
    for method, path, allowed in (
        ("DELETE", "/me", {"GET", "PATCH"}),
        ("PATCH", trial.at("/prospects"), {"GET", "POST"}),
        ("GET", trial.at("/auth/token"), {"POST"}),
    ):
        answer = await trial.send(method, path)
        refuses(answer, 405)
        allow = answer.headers.get("allow", "")
        require(allowed <= {*allow.replace(" ", "").split(",")}, f"Allow: {', '.join(allowed)}", f"Allow: {allow}")


@chapter.extension()
async def broken_json(trial: Trial) -> None:
    """A body that is no JSON, or not UTF-8, is answered 400."""
    for raw in (b"{", b'{"FirstName": }', b"FirstName=Vera", b'{"FirstName": "V"} x', b'{"FirstName": "\xff"}'):
        refuses(await trial.post(trial.at("/prospects"), raw=raw), 400)


@chapter.extension()
async def not_an_object(trial: Trial) -> None:
    """A body that is JSON and no object is refused with 400 or 422."""
    for body in list[Any](([], "text", 5, True)):
        refuses(await trial.post(trial.at("/prospects"), body), 400, 422)


@chapter.extension()
async def unknown_field(trial: Trial) -> None:
    """A field that the API does not know is refused with 422 that names it."""
    names(await trial.post(trial.at("/prospects"), {**person(), "ShoeSize": 38}), "ShoeSize")
    names(await trial.patch("/me", {"ShoeSize": 38}), "ShoeSize")


@chapter.extension()
async def all_at_once(trial: Trial) -> None:
    """Every field that is wrong is named, each with why."""
    wrong = {**person(), "Gender": "x", "LifeStage": "Old", "Prospect": 7, "City": 5, "ShoeSize": 38}
    answer = await trial.post(trial.at("/prospects"), wrong)
    names(answer, "Gender", "LifeStage", "Prospect", "City", "ShoeSize")
    require("FirstName" not in answer.json["error"]["fields"], "no right field named", answer.told)


@chapter.extension()
async def query_bad(trial: Trial) -> None:
    """A query that is out of bounds or of another kind is refused with 422 that names it."""
    for query, name in (
        ("page=0", "page"), ("page=x", "page"), ("limit=0", "limit"), ("limit=201", "limit"), ("limit=-1", "limit"),
        ("prospect=maybe", "prospect"), ("updatedSince=yesterday", "updatedSince"), ("tagId=x", "tagId"),
    ):  # fmt: skip
        names(await trial.get(trial.at(f"/prospects?{query}")), name)


@chapter.extension()
async def id_of_another_kind(trial: Trial) -> None:
    """What can be no id is answered 404, as an id that nothing has."""
    for id_ in ("x", "0", "-1", "1.5", "9" * 30, "'"):
        refuses(await trial.get(trial.at(f"/prospects/{id_}")), 404)


@chapter.extension()
async def other_content_type(trial: Trial) -> None:
    """A body that does not call itself JSON is answered 415; one that names its character set is taken."""
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        refuses(await trial.post(trial.at("/prospects"), person(), headers={"Content-Type": kind}), 415)
    await trial.prospect(headers={"Content-Type": "application/json; charset=utf-8"})


@chapter.extension()
async def too_large(trial: Trial) -> None:
    """A body over 1 MiB is answered 413."""
    raw = b'{"Notes": "' + b"a" * MEBIBYTE + b'"}'
    refuses(await trial.post(trial.at("/prospects"), raw=raw), 413)


@chapter.extension()
async def nonsense(trial: Trial) -> None:
    """Nonsense is refused with 400 or 422, and never breaks the server."""
    deep = b'{"Notes": ' + b"[" * 5000 + b"]" * 5000 + b"}"
    for raw in (deep, b'{"Prospect": 1e999}', b'{"FirstName": {}}', b"\x00", b"\xef\xbb\xbf[]"):
        refuses(await trial.post(trial.at("/prospects"), raw=raw), 400, 422)
    for text in ("Ve\x00ra", "Ve\ud800ra"):
        refuses(await trial.post(trial.at("/prospects"), {**person(), "FirstName": text}), 400, 422)


@chapter.documented()
async def json_everywhere(trial: Trial) -> None:
    """Answers and refusals call themselves application/json."""
    for path, token in (("/me", trial.given.token), ("/me", None), (trial.at("/invalid-path"), trial.given.token)):
        kind = (await trial.get(path, token=token)).headers.get("content-type", "none")
        require(kind.partition(";")[0] == "application/json", "Content-Type: application/json", f"Content-Type: {kind}")


@chapter.extension()
async def request_id(trial: Trial) -> None:
    """Every response carries X-Request-Id, another one each time."""
    seen = []
    for method, path, token in (
        ("GET", "/me", trial.given.token), ("GET", "/me", None), ("GET", trial.at("/invalid-path"), trial.given.token),
        ("DELETE", "/me", trial.given.token), ("POST", trial.at("/auth/token"), None),
    ):  # fmt: skip
        answer = await trial.send(method, path, token=token)
        seen.append(answer.headers.get("x-request-id", ""))
        require(TEXT.holds(seen[-1]), "the header X-Request-Id", f"{answer.status} without one")
    require(len(set(seen)) == len(seen), "another X-Request-Id each time", ", ".join(seen))


@chapter.extension()
async def help_(trial: Trial) -> None:
    """A refusal's Link leads to the page of its code."""
    answer = await trial.get(trial.at("/invalid-path"))
    link, code = answer.headers.get("link", ""), refuses(answer, 404)["code"]
    require(code in link and 'rel="help"' in link, f'Link: <…{code}>; rel="help"', f"Link: {link}")
