"""Servers that are away, closed, endless or something else; and wrong words: each has its sentence and exit code."""

import asyncio
import io
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web
from served import Served, free_port
from verify.conftest import Prompt, Verify
from verify.spoiler import Asked, Defect, Reply, listening, spoiling
from verify.spoils import refusal

KNOWN = ("--key", "k", "--location", "loc_1", "--no-webhooks", "--timeout", "0.5")


async def ask(prompt: Prompt, handle: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> tuple[int, str]:
    """The exit code and the words before a server that answers so."""
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handle)
    async with listening(application) as url:
        ran = await asyncio.to_thread(prompt, "verify", url, *KNOWN)
    return ran.code, ran.err.replace(url, "URL")


def test_nobody_at_this_address(prompt: Prompt) -> None:
    ran = prompt("verify", f"http://127.0.0.1:{free_port()}/emr", *KNOWN)
    assert ran.code == 5
    assert "cannot be reached" in ran.err
    assert "Is the server running?" in ran.err


async def test_a_page_is_no_api(prompt: Prompt) -> None:
    async def page(_request: web.Request) -> web.Response:
        return web.Response(text="<h1>Hello</h1>", content_type="text/html")

    code, words = await ask(prompt, page)
    assert code == 5
    assert "There is no exam API at URL/treatments and URL/emr/treatments" in words
    assert "text/html, which is no JSON object" in words


async def test_another_api_is_not_ours(prompt: Prompt) -> None:
    async def other(_request: web.Request) -> web.Response:
        return web.json_response({"detail": "Not Found"}, status=404)

    code, words = await ask(prompt, other)
    assert code == 5
    assert "the answer is 404 and 404." in words


async def test_a_redirect_is_named_and_not_followed(prompt: Prompt) -> None:
    asked = []

    async def away(request: web.Request) -> web.Response:
        asked.append(request.path)
        raise web.HTTPFound("https://exams.example.com/emr")

    code, words = await ask(prompt, away)
    assert code == 5
    assert "sends its callers on to https://exams.example.com/emr" in words
    assert asked == ["/treatments", "/emr/treatments"]


async def test_an_endless_answer_ends(prompt: Prompt) -> None:
    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(100):
            await response.write(b" ")
            await asyncio.sleep(0.1)
        return response

    code, words = await ask(prompt, drip)
    assert code == 5
    assert "the server still had not finished" in words


async def test_a_wrong_key_is_said(demo: Served, prompt: Prompt) -> None:
    ran = await asyncio.to_thread(prompt, "verify", demo.url, *KNOWN)
    assert ran.code == 4
    assert "The server refuses the key: Forbidden: Invalid API key." in ran.err


async def test_a_check_that_gets_no_answer_fails_and_the_others_go_on(demo: Served, verify: Verify) -> None:
    def cut(asked: Asked, reply: Reply) -> Reply:
        if asked.who == "cancel.works":
            raise ConnectionResetError
        return reply

    async with spoiling(demo.card["base_url"], Defect("cuts", "", reply=cut)) as url:
        run = await verify(url, "cancel.works", "cancel.shown")
    assert [result.outcome for result in run.results] == ["failed", "held"]


async def test_over_its_limits_a_server_is_given_time(demo: Served, verify: Verify) -> None:
    """429 and Retry-After are no failure; the request is sent again."""
    busy = set()

    def limited(asked: Asked, reply: Reply) -> Reply:
        if asked.method == "GET" and asked.who not in busy:
            busy.add(asked.who)
            return refusal(429, "Too many requests")
        return reply

    async with spoiling(demo.card["base_url"], Defect("is busy", "", reply=limited)) as url:
        run = await verify(url, "treatments.works")
    assert [result.outcome for result in run.results] == ["held"]
    assert busy


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("ftp://exams.example.com", *KNOWN), 2, "is no base URL"),
        (("exams.example.com", *KNOWN), 2, "is no base URL"),
        (("http://127.0.0.1:1/emr?x=1", *KNOWN), 2, "is no base URL"),
        ((), 2, "Which server?"),
        (("http://127.0.0.1:1", "--key", "k"), 2, "--location is missing."),
        (("http://127.0.0.1:1", "--location", "l"), 2, "--key is missing."),
        (("http://127.0.0.1:1", "--key", "--strict"), 2, "--key is followed by --strict"),
        (("http://127.0.0.1:1", "--key", "@none"), 3, "none: No such file"),
        (("http://127.0.0.1:1", "--key", "ké", "--location", "l"), 2, "--key holds a character"),
        (("http://127.0.0.1:1", "--key", "k", "--location", "loc/1"), 2, "--location holds a character"),
        (("http://127.0.0.1:1", *KNOWN, "--alias", "Tox"), 2, "--alias is a word"),
        (("http://127.0.0.1:1", *KNOWN, "--timeout", "0"), 2, "more than once"),
        (("http://127.0.0.1:1/v1", *KNOWN, "--ppass", "Demo", "--provider", "Jane"), 2, "--provider is a number."),
        (("http://127.0.0.1:1/v1", *KNOWN, "--ppass", "Demo", "--visit-type", "A B"), 2, "--visit-type holds a"),
        (("http://127.0.0.1:1", "--timeout", "0"), 2, "A timeout is above 0"),
        (("http://127.0.0.1:1", "--receive-port", "70000"), 2, "a port at most 65535"),
        (("http://127.0.0.1:1", *KNOWN, "--only", "cancle"), 2, "No check is called cancle."),
        (("http://127.0.0.1:1", *KNOWN, "--junit", "nowhere/junit.xml"), 3, "There is no folder nowhere."),
    ],
)
def test_wrong_words_are_refused(prompt: Prompt, words: tuple[str, ...], code: int, says: str) -> None:
    ran = prompt("verify", *words)
    assert (ran.code, says in ran.err) == (code, True), ran.err


def test_a_secret_comes_from_a_file_or_stdin(
    prompt: Prompt,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "key").write_text("from-file\n")
    monkeypatch.setattr("sys.stdin", io.StringIO("from-stdin\n"))
    for given in ("@key", "-"):
        ran = prompt("verify", f"http://127.0.0.1:{free_port()}", "--key", given, "--location", "l", "--no-webhooks")
        assert ran.code == 5
        assert "from-" not in ran.err
    (tmp_path / "empty").write_text("")
    assert "There is no secret for --key in empty." in prompt("verify", "http://127.0.0.1:1", "--key", "@empty").err
