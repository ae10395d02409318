"""Checks of who may enter: a key exchanged for a token, the token's form, and every other thing refused."""

import base64
import json
from typing import Any

from openmedspa.verify.answer import Broken, require
from openmedspa.verify.checks import Chapter
from openmedspa.verify.partner.trial import Trial
from openmedspa.verify.partner.words import NOWHERE, names, refuses
from openmedspa.verify.shape import TEXT, like

chapter = Chapter("tokens", section="Authentication")
DAY_SECONDS = 24 * 3600
JWT = like(r"[\w-]+\.[\w-]+\.[\w-]+", "three parts with dots between them")
GLOBAL_CALLS = [
    ("GET", "/products"), ("POST", "/products"), ("GET", "/kb"), ("GET", "/kb/1"), ("PUT", "/kb/1"), ("GET", "/me"),
    ("PATCH", "/me"),
]  # fmt: skip
PRACTICE_CALLS = [
    ("GET", "/prospects"), ("POST", "/prospects"), ("GET", "/prospects/1"), ("PUT", "/prospects/1"), ("GET", "/tags"),
    ("POST", "/tags"), ("PUT", "/tags/1"), ("DELETE", "/tags/1"), ("POST", "/tags/prospects/1"),
    ("DELETE", "/tags/prospects/1"), ("DELETE", "/tags/prospects/1/1"), ("GET", "/tickets"), ("POST", "/tickets"),
    ("GET", "/ticket/1"), ("PUT", "/ticket/1"), ("POST", "/tickets/1/comment"),
    ("GET", "/availability/providers"), ("GET", "/availability/providers/1"),
    ("GET", "/availability/providers/1/schedule"), ("GET", "/availability/providers/1/check"),
    ("GET", "/availability/providers/1/slots"), ("GET", "/availability/providers/1/next-slot"), ("POST", "/visits"),
    ("GET", "/visits/1"), ("PATCH", "/visits/1"), ("POST", "/holds"), ("DELETE", "/holds/1"),
]  # fmt: skip


def _part(token: str, index: int) -> dict[str, Any]:
    text = token.split(".")[index]
    try:
        part = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        raise Broken("a JSON Web Token", f"a part that is no JSON: {text[:40]}") from None
    require(isinstance(part, dict), "a JSON Web Token", "a part that is no object")
    found: dict[str, Any] = part
    return found


def _spelled(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


@chapter.documented()
async def works(trial: Trial) -> None:
    """A key is exchanged for an access token: tokenType Bearer, expiresIn 24h, and nothing else."""
    answer = await trial.token_for(trial.given.key)
    answer.is_(200, {"accessToken": JWT, "tokenType": "Bearer", "expiresIn": "24h"})


@chapter.documented()
async def opens(trial: Trial) -> None:
    """The token opens the API, sent as Authorization: Bearer."""
    (await trial.get("/me", token=await trial.token())).has_status(200)


@chapter.documented()
async def is_a_jwt(trial: Trial) -> None:
    """The token is a JSON Web Token, signed by HS256."""
    header = _part(await trial.token(), 0)
    require(header.get("alg") == "HS256", "alg: HS256", header)


@chapter.extension()
async def claims(trial: Trial) -> None:
    """The token says whose it is, for which practice and scopes, by which key of ours, and ends after 24 hours."""
    token = await trial.token()
    said, header = _part(token, 1), _part(token, 0)
    for name in ("iss", "aud", "sub", "ppass", "scopes", "iat", "exp", "jti"):
        require(said.get(name), f"the claim {name}", said)
    require(said["exp"] - said["iat"] == DAY_SECONDS, "exp 24 hours after iat", said)
    require(str(said["ppass"]).lower() == trial.given.ppass.lower(), f"ppass {trial.given.ppass}", said)
    require(TEXT.holds(header.get("kid")), "a header with kid", header)


@chapter.extension()
async def another_each_time(trial: Trial) -> None:
    """Each exchange gives another token, and both are good."""
    tokens = [await trial.token() for _ in range(2)]
    require(tokens[0] != tokens[1], "two tokens", "the same twice")
    for token in tokens:
        (await trial.get("/me", token=token)).has_status(200)


@chapter.extension()
async def practice_in_any_case(trial: Trial) -> None:
    """The practice's name is known in any case, at the exchange and in paths."""
    ppass = trial.given.ppass.swapcase()
    answer = await trial.token_for(trial.given.key, ppass=ppass)
    answer.has_status(200)
    answer = await trial.get(f"/{ppass}/invalid-path", token=answer.json["accessToken"])
    answer.has_status(404)


@chapter.documented()
async def key_unknown(trial: Trial) -> None:
    """A key that was never given out is answered 401."""
    last = "a" if trial.given.key[-1:] != "a" else "b"
    for key in (trial.given.key[:-1] + last, "your_api_key_here", "0" * 40):
        refuses(await trial.token_for(key), 401)


@chapter.documented("ended_key")
async def key_ended(trial: Trial) -> None:
    """A key that was revoked or has expired is answered 401."""
    refuses(await trial.token_for(trial.given.ended_key), 401)


@chapter.documented("foreign_key")
async def key_of_another_practice(trial: Trial) -> None:
    """A key gets no token for a practice that it may not work for."""
    refuses(await trial.token_for(trial.given.foreign_key), 401)


@chapter.extension()
async def one_refusal(trial: Trial) -> None:
    """An unknown practice is refused in an unknown key's words: nobody learns which practices there are."""
    stranger = refuses(await trial.token_for("0" * 40), 401)
    nowhere = refuses(await trial.token_for(trial.given.key, ppass=NOWHERE), 401)
    require(stranger == nowhere, f"{stranger}", nowhere)


@chapter.extension()
async def key_needed(trial: Trial) -> None:
    """An exchange without a key, with one of another kind or with an unknown field is answered 422 that names it."""
    path = trial.at("/auth/token")
    for body in list[Any](({}, {"apiKey": None}, {"apiKey": 5}, {"apiKey": []})):
        names(await trial.post(path, body, token=None), "apiKey")
    names(await trial.post(path, {"apiKey": "0" * 40, "user": "x"}, token=None), "user")


@chapter.documented()
async def every_call_asks(trial: Trial) -> None:
    """Every other call asks for a token and is answered 401 without one."""
    for method, path in (*GLOBAL_CALLS, *((method, trial.at(path)) for method, path in PRACTICE_CALLS)):
        refuses(await trial.send(method, path, token=None), 401)


@chapter.documented()
async def token_bad(trial: Trial) -> None:
    """What is no token of the server is answered 401, never 500: nonsense, the API key itself, a token cut short."""
    good = trial.given.token
    for token in ("x", "null", "a.b.c", "..", trial.given.key, good[:-1], good[: good.rfind(".") + 1], "a" * 5000):
        refuses(await trial.get("/me", token=token), 401)


@chapter.documented()
async def token_forged(trial: Trial) -> None:
    """A token that was changed, or says that it needs no signature, is answered 401."""
    head, claims_, signature = trial.given.token.split(".")
    wider = _spelled({**_part(trial.given.token, 1), "scopes": ["Prospects", "Patients", "KB", "Tickets", "Exams"]})
    none = _spelled({**_part(trial.given.token, 0), "alg": "none"})
    other = "A" if signature[0] != "A" else "B"
    for token in (
        f"{head}.{wider}.{signature}",
        f"{none}.{claims_}.",
        f"{none}.{claims_}.{signature}",
        f"{head}.{claims_}.{other}{signature[1:]}",
    ):
        refuses(await trial.get("/me", token=token), 401)


@chapter.extension()
async def other_schemes(trial: Trial) -> None:
    """Another scheme, or the token in another header, is answered 401."""
    token, key = trial.given.token, trial.given.key
    for headers in (
        {"Authorization": f"Basic {token}"},
        {"Authorization": token},
        {"Authorization": "Bearer"},
        {"x-api-key": key},
    ):
        refuses(await trial.get("/me", token=None, headers=headers), 401)


@chapter.extension()
async def scheme_in_any_case(trial: Trial) -> None:
    """The word Bearer may be written in any case."""
    for word in ("bearer", "BEARER"):
        headers = {"Authorization": f"{word} {trial.given.token}"}
        (await trial.get("/me", token=None, headers=headers)).has_status(200)


@chapter.extension()
async def challenge(trial: Trial) -> None:
    """A refused call is told by WWW-Authenticate that a Bearer token is wanted."""
    for token in (None, "x"):
        said = (await trial.get("/me", token=token)).headers.get("www-authenticate", "")
        require(said.startswith("Bearer"), "WWW-Authenticate: Bearer …", f"WWW-Authenticate: {said}")


@chapter.extension()
async def token_before_path(trial: Trial) -> None:
    """The token is looked at before path and body: without one, nobody learns which paths there are."""
    for method, path in (("GET", "/invalid-path"), ("DELETE", "/me"), ("GET", f"/{NOWHERE}/prospects")):
        refuses(await trial.send(method, path, token=None), 401)
    refuses(await trial.post(trial.at("/prospects"), raw=b"{", token=None), 401)
