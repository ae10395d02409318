"""The APIs' references and the events, written from the OpenAPI documents as Markdown. Knows no route by name."""

import json
import shlex
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from openmedspa.partners.keys import Environment
from openmedspa.portals.docs.listings import table
from openmedspa.portals.docs.shelf import Leaf

Schema = Mapping[str, Any]
Document = Callable[[Environment, str], Schema]
KEY = "oms_test_DemoEmrKeyForTryingThingsOut002GxRTx"
PLACEHOLDER = "your_api_key_here"  # the documents' own word for a key, in the document's example
PARTNER_KEY = "oms_test_DemoPartnerKeyForTryingItOut003rnIA2"
DEEPEST = 4
LARGEST_SAID = 2**53  # a bound beyond says nothing to a reader
TYPES = {"integer": "whole number", "string": "text", "boolean": "true or false", "array": "list", "number": "number"}


class Book(Struct, frozen=True):
    """What one API's reference says before its calls, and the header that its samples carry."""

    name: str
    title: str
    prefix: str
    console: str
    opening: str  # {base} is the server's address
    header: str


EXAM = Book(
    "reference",
    "Exam API reference",
    "/emr",
    "/docs/console",
    "Each call carries `x-api-key`. A refusal names the field and why, and its `Link` leads to\n"
    "[the page of its code](/docs/errors). Every answer has `X-Request-Id`.",
    f"'x-api-key: {KEY}'",
)
PARTNER = Book(
    "partner-reference",
    "Partner API reference",
    "/v1",
    "/docs/partner-console",
    f"""Each call but the first carries an access token, which is good for one practice and 24 hours. The samples
below find it in `$TOKEN`:

```sh
TOKEN=$(curl -s {{base}}/v1/DemoOffice/auth/token \\
  -H 'content-type: application/json' \\
  -d '{{{{"apiKey": "{PARTNER_KEY}"}}}}' |
  grep -oE 'eyJ[A-Za-z0-9_.-]+')
```

A refusal is `{{{{"error": {{{{"code", "message", "fields"}}}}}}}}`: `fields` names the fields that are
wrong and why, and the answer's `Link` leads to [the page of its code](/docs/errors). Every answer has `X-Request-Id`,
and says in `RateLimit` how many calls are left.""",
    '"Authorization: Bearer $TOKEN"',
)


def calls(document: Schema, book: Book) -> Leaf:
    """Every call of this server's API: parameters, body, answer, refusals, and a request to paste."""
    writer = _Writer(document, book)
    server, prefix = document["servers"][0]["url"], book.prefix
    lines = [
        f"# {book.title}",
        "",
        f"{document['info']['description']} This page is written from the routes that this server has. The same for",
        f"programs is [{prefix}/openapi.json]({prefix}/openapi.json); the [console]({book.console}) sends requests.",
        "",
        f"Base URL `{server}{prefix}`, whose `{prefix}` is written with each path below.",
        book.opening.format(base=server),
    ]
    groups: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            (title,) = operation["tags"]
            groups.setdefault(title, []).extend(writer.operation(method.upper(), path, operation))
    for title, written in groups.items():
        lines += ["", f"## {title}", *written]
    return Leaf(book.name, "\n".join(lines) + "\n")


def events(document: Schema) -> Leaf:
    """What this server sends by webhook."""
    writer = _Writer(document, EXAM)
    lines = [
        "# Events",
        "",
        "What arrives at your webhook URL, by `POST`, at least once. How to check it is told in",
        "[Webhooks](/docs/guides/webhooks).",
    ]
    for name, methods in document["webhooks"].items():
        sent = methods["post"]
        media = sent["requestBody"]["content"]["application/json"]
        headers = [
            (f"`{one['name']}`", "always" if one["required"] else "where set", one["description"])
            for one in sent["parameters"]
        ]
        lines += ["", f"## `{name}`", "", sent["summary"], "", *_code("json", _pretty(media["example"])), ""]
        lines += ["### Headers", "", *table(["header", "sent", "meaning"], headers), ""]
        lines += ["### Fields", "", *writer.fields(media["schema"])]
    return Leaf("events", "\n".join(lines) + "\n")


class _Writer:
    def __init__(self, document: Schema, book: Book) -> None:
        self.document = document
        self.book = book
        self.server: str = document["servers"][0]["url"]

    def operation(self, method: str, path: str, operation: Schema) -> Iterator[str]:
        yield from ["", f"### `{method} {path}`", "", operation["summary"]]
        if operation["description"]:
            yield from ["", operation["description"]]
        yield from ["", *_code("sh", self._curl(method, path, operation))]
        if operation["parameters"]:
            rows = [
                (f"`{one['name']}`", one["in"], self._type(one["schema"]), _needed(one["required"]), self._words(one))
                for one in operation["parameters"]
            ]
            yield from ["", "#### Parameters", "", *table(["name", "in", "type", "", "meaning"], rows)]
        if "requestBody" in operation:
            media = operation["requestBody"]["content"]["application/json"]
            yield from ["", "#### Body", "", *self.fields(media["schema"])]
        yield from self._answers(operation["responses"])

    def fields(self, schema: Schema) -> list[str]:
        """The fields of a shape, those inside others by their path."""
        return table(["field", "type", "", "meaning"], self._rows(schema, "", 0))

    def _answers(self, responses: Schema) -> Iterator[str]:
        refused = []
        for status, answer in responses.items():
            media = answer["content"]["application/json"]
            if status.startswith("2"):
                yield from ["", f"#### Answer {status}", "", *_code("json", _pretty(media["example"]))]
                yield from ["", *self.fields(media["schema"])]
            else:
                refused.append((f"[{status}](/docs/errors#{status})", answer["description"], _said(media["example"])))
        yield from ["", "#### Refusals", "", *table(["status", "when", "for example"], refused)]

    def _rows(self, schema: Schema, prefix: str, depth: int) -> Iterator[tuple[str, ...]]:
        schema = self._resolved(schema)
        required = schema.get("required", [])
        for name, field in schema.get("properties", {}).items():
            where = f"{prefix}{name}"
            yield f"`{where}`", self._type(field), _needed(name in required), self._words(field)
            inner, mark = self._inside(field)
            if inner and depth < DEEPEST:
                yield from self._rows(inner, f"{where}{mark}.", depth + 1)

    def _inside(self, field: Schema) -> tuple[Schema | None, str]:
        """The object that a field holds, itself, in a list or as one of several."""
        resolved = self._resolved(field)
        if "properties" in resolved:
            return resolved, ""
        if resolved.get("type") == "array":
            return self._inside(resolved["items"])[0], "[]"
        for choice in resolved.get("anyOf", []):
            inner, mark = self._inside(choice)
            if inner:
                return inner, mark
        return None, ""

    def _type(self, field: Schema) -> str:
        resolved = self._resolved(field)
        if "const" in resolved or "enum" in resolved:
            return ", ".join(f"`{_word(value)}`" for value in resolved.get("enum", [resolved.get("const")]))
        if "anyOf" in resolved:
            return " or ".join(dict.fromkeys(self._type(choice) for choice in resolved["anyOf"]))
        if resolved.get("type") == "array":
            return f"list of {self._type(resolved['items'])}" if resolved.get("items") else "list"
        if "properties" in resolved:
            return "object"
        kind = str(resolved.get("type", "any"))
        return TYPES.get(kind, kind) + _bounds(resolved)

    def _words(self, field: Schema) -> str:
        places = (field, self._resolved(field), *field.get("anyOf", ()))
        words = " ".join(next((str(place["description"]) for place in places if place.get("description")), "").split())
        default = field.get("schema", {}).get("default")
        return words if default is None else f"{words} {_word(default)} unless given.".strip()

    def _resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return schema

    def _curl(self, method: str, path: str, operation: Schema) -> str:
        for parameter in operation["parameters"]:
            if parameter["in"] == "path":
                path = path.replace(f"{{{parameter['name']}}}", str(parameter["example"]))
        asked = [one for one in operation["parameters"] if one["in"] == "query" and "example" in one]
        if asked:
            path += "?" + "&".join(f"{one['name']}={one['example']}" for one in asked)
        way = "" if method in {"GET", "POST"} and (method == "GET" or "requestBody" in operation) else f"-X {method} "
        lines = [f"curl {way}{shlex.quote(self.server + path) if asked else self.server + path}"]
        if operation["security"]:
            lines.append(f"  -H {self.book.header}")
        if "requestBody" in operation:
            body = _pretty(operation["requestBody"]["content"]["application/json"]["example"])
            lines += ["  -H 'content-type: application/json'", f"  -d {shlex.quote(body)}"]
        return " \\\n".join(lines)


def _said(refusal: Schema) -> str:
    """A refusal's example in words, in either API's form."""
    told = refusal["error"]
    if isinstance(told, str):
        return told + (f": {refusal['message']}" if "message" in refusal else "")
    return f"`{told['code']}`: {told['message']}"


def _bounds(schema: Schema) -> str:
    low, high = schema.get("minimum", schema.get("minItems")), schema.get("maximum", schema.get("maxItems"))
    if isinstance(high, int) and high > LARGEST_SAID:
        high = None
    if low is not None and high is not None:
        return f", {low} to {high}"
    if low is not None:
        return f", {low} or more"
    high = high if high is not None else schema.get("maxLength")
    return "" if high is None else f", at most {high}"


def _needed(is_needed: bool) -> str:
    return "needed" if is_needed else "optional"


def _word(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _pretty(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _code(language: str, text: str) -> list[str]:
    return [f"```{language}", text, "```"]
