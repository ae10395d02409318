"""Ways to spoil what a partner API is asked and answers: the words in which its table of defects is written."""

import base64
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from verify.spoiler import Asked, Reply, bare, changed
from verify.spoils import Spoil, header, when

Record = dict[str, Any]


def place(asked: Asked) -> str:
    """The path without query and ids, below the practice: /prospects/, /tags/prospects/."""
    path = re.sub(r"^/[A-Z]\w+", "", bare(asked))
    return re.sub(r"\d+", "", path)


def faults(*statuses: int) -> Callable[[Asked, Reply], bool]:
    return lambda _, reply: reply.status in statuses


def accepted(*statuses: int) -> Spoil:
    """What should be refused is answered as if all were well."""
    return when(faults(*statuses), lambda reply: reply.saying({"data": {"id": 1, "ID": 1}}, 200))


def broken(*statuses: int) -> Spoil:
    error = {"error": {"code": "internal", "message": "Internal server error"}}
    return when(faults(*statuses), lambda reply: reply.saying(error, 500))


def fault(**changes: Any) -> Callable[[Reply], Reply]:
    """The refusal's object with other fields; None leaves one out."""
    return lambda reply: reply.saying({"error": changed(reply.json["error"], **changes)})


def answers(spoil: Callable[[Record], Record], *places: str, methods: str = "GET POST PUT PATCH") -> Spoil:
    """The body of every answer of these places."""
    return when(
        lambda asked, reply: reply.status < 300 and place(asked) in places and asked.method in methods,
        lambda reply: reply.saying(spoil(reply.json)),
    )


def records(spoil: Callable[[Record], Record], *places: str, methods: str = "GET POST PUT PATCH") -> Spoil:
    """Every object of `data`, alone or in a list, of these places."""

    def of(body: Record) -> Record:
        found = body.get("data")
        if isinstance(found, list):
            return {**body, "data": [spoil(one) for one in found]}
        return {**body, "data": spoil(found)} if isinstance(found, dict) else body

    return answers(of, *places, methods=methods)


def shouted(record: Record) -> Record:
    """Texts in capitals."""
    return {
        name: value.upper() if isinstance(value, str) and "At" not in name else value for name, value in record.items()
    }


def trimmed(record: Record) -> Record:
    """Texts without blanks at their ends and line ends, phones by their digits, nothing for an empty text."""
    made = dict(record)
    for name, value in record.items():
        if isinstance(value, str):
            digits = re.sub(r"\D", "", value) if "Phone" in name else value
            made[name] = " ".join(digits.split()) or None
    return made


def with_query(change: Callable[[dict[str, list[str]]], None]) -> Callable[[Asked], Asked]:
    """The request with another query."""

    def of(asked: Asked) -> Asked:
        query = parse_qs(asked.path.partition("?")[2], keep_blank_values=True)
        change(query)
        text = "&".join(f"{name}={value}" for name, values in query.items() for value in values)
        return asked._replace(path=bare(asked) + (f"?{text}" if text else ""))

    return of


def searched(asked: Asked) -> str:
    return parse_qs(asked.path.partition("?")[2]).get("search", [""])[0]


def found_by(fits: Callable[[str, str], bool]) -> Spoil:
    """A search finds only those whose texts fit: `fits(searched, all texts of the person)`."""

    def of(asked: Asked, reply: Reply) -> Reply:
        if place(asked) != "/prospects" or not searched(asked) or reply.status != 200:
            return reply
        body = reply.json
        kept = [one for one in body["data"] if fits(searched(asked), json.dumps(one, ensure_ascii=False))]
        return reply.saying({**body, "data": kept})

    return of


def ignored(method: str, *places: str) -> Callable[[Asked], Asked]:
    """A change is read and forgotten: what comes is what there is."""

    def of(asked: Asked) -> Asked:
        if asked.method != method or place(asked) not in places:
            return asked
        return asked._replace(method="GET", body=b"")

    return of


def nothing_said(asked: Asked) -> Asked:
    """A PUT of a person changes nothing."""
    is_one = asked.method == "PUT" and place(asked) == "/prospects/"
    return asked._replace(body=b"{}") if is_one and asked.json is not None else asked


def with_authorization(change: Callable[[str], str]) -> Callable[[Asked], Asked]:
    def of(asked: Asked) -> Asked:
        if "Authorization" not in asked.headers:
            return asked
        headers = asked.headers.copy()
        headers["Authorization"] = change(headers["Authorization"])
        return asked._replace(headers=headers)

    return of


def token(change: Callable[[str], str]) -> Spoil:
    """Another token is issued than the one that there is."""
    return when(
        lambda asked, reply: asked.path.endswith("/auth/token") and reply.status == 200,
        lambda reply: reply.saying({**reply.json, "accessToken": change(reply.json["accessToken"])}),
    )


def part(index: int, **changes: Any) -> Callable[[str], str]:
    """The token with other claims, or another header."""

    def of(text: str) -> str:
        parts = text.split(".")
        said = json.loads(base64.urlsafe_b64decode(parts[index] + "=="))
        parts[index] = base64.urlsafe_b64encode(json.dumps(changed(said, **changes)).encode()).rstrip(b"=").decode()
        return ".".join(parts)

    return of


def one_for_all() -> Callable[[str], str]:
    kept: list[str] = []

    def of(text: str) -> str:
        kept.append(text)
        return kept[0]

    return of


def names_everybody() -> Spoil:
    """Every person that was ever made is a likely double, whoever's it is."""
    ids: list[str] = []

    def of(asked: Asked, reply: Reply) -> Reply:
        if place(asked) != "/prospects" or reply.status != 201:
            return reply
        spoiled = header("X-Possible-Duplicates", ",".join(ids) or None)(reply)
        ids.append(str(reply.json["data"]["ID"]))
        return spoiled

    return of
