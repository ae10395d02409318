"""OpenAPI 3.1 from a route table: what is served is what is written there. Knows no route."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from http import HTTPStatus
from inspect import cleandoc, getdoc
from typing import Any, Protocol

import msgspec

from openmedspa.kit.http import WRITES, Open, Route

Schema = dict[str, Any]
REF = "#/components/schemas/{name}"
PATH_PARAMETER = re.compile(r"\{(\w+)\}")
REFUSALS = {
    400: "Invalid input: the answer names the field and why.",
    401: "The key is missing or invalid.",
    403: "The key may not do this.",
    404: "There is no such thing, or it is another's.",
    405: "This path knows other methods: `Allow` names them.",
    408: "The body did not come in time.",
    409: "Not as things stand; or the idempotency key came with another request, or with one that runs: `Retry-After`.",
    413: "The body is larger than this call takes.",
    415: "The body is not JSON by its content type.",
    422: "The input was read and is wrong: `fields` names each field and why.",
    429: "Too many calls, or too much at once: try again after `Retry-After` seconds.",
    500: "Our mistake.",
    503: "Overloaded, or the database is away: try again after `Retry-After` seconds.",
}
ONLY_WRITES, ONLY_BODIES = {409}, {408, 413, 415}
LIMITS: Schema = {
    name: {"description": words, "schema": {"type": kind}, "example": example}
    for name, words, kind, example in [
        ("RateLimit-Limit", "Calls at once.", "integer", 500),
        ("RateLimit-Remaining", "Calls left now.", "integer", 499),
        ("RateLimit-Reset", "Seconds until all are left again.", "integer", 1),
        ("RateLimit", "The same, as the IETF's draft has it.", "string", '"key";r=499;t=1'),
        ("RateLimit-Policy", "The limit: so many in so many seconds.", "string", '"key";q=500;w=5'),
    ]
}
REQUEST_ID: Schema = {
    "description": "To name when asking us about this answer.",
    "required": True,
    "schema": {"type": "string"},
    "example": "req_5c1f9a3e7b2d4860a1c3e5f708192a3b",
}
RETRY_AFTER: Schema = {"description": "In seconds.", "schema": {"type": "integer", "minimum": 1}, "example": 1}
LINK: Schema = {
    "description": 'The next page, rel="next"; absent on the last.',
    "schema": {"type": "string"},
    "example": '<{path}?limit=100&after=CURSOR>; rel="next"',
}
# What a webhook brings along: required, name, description, example.
WEBHOOK_HEADERS = [
    (True, "webhook-id", "The same on every try of an event.", "evt_2f6d1c0b9a8e47d3b5c4f1e0a9d8c7b6"),
    (True, "webhook-timestamp", "When this try was signed, in Unix seconds.", "1714658400"),
    (True, "webhook-signature", "Standard Webhooks 1.0, by the endpoint's whsec_… secret.",
     "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="),
    (False, "X-Signature", "Hex HMAC-SHA256 of the raw body, keyed with the API key that set the URL.",
     "88aab3ede8d3adf94d26ab90d3bafd4a2083070c3bcce9c014ee04a443847c0b"),
    (False, "X-Webhook-Secret", "The shared secret, where one is set.", "a-shared-secret"),
    (True, "User-Agent", "Fixed for an installation.", "Spakinect-Webhook/1.0"),
    (True, "Content-Type", "Always the same.", "application/json"),
]  # fmt: skip


class Refusal(Protocol):
    """A dialect's shape of a refusal, with a true example by status, the route's parameters and fields, and path."""

    @classmethod
    def example(cls, status: int, names: Collection[str], path: str) -> dict[str, object] | None: ...


def document(
    routes: Sequence[Route],
    *,
    title: str,
    version: str,
    description: str,
    server: str,
    security: dict[str, Schema],
    refusal: type[Refusal],
    webhooks: dict[str, type[msgspec.Struct]],
    path_examples: Callable[[str], Mapping[str, str | int]],
    path_words: Mapping[str, str],
) -> Schema:
    """The whole document. `path_examples` gives each path parameter's example, `path_words` what needs words."""
    bodies = [route.body for route in routes if route.body]
    shapes: list[Any] = [refusal, *(route.answer for route in routes), *bodies, *webhooks.values()]
    unique = list({shape.__name__: shape for shape in shapes}.values())
    _, schemas = msgspec.json.schema_components(unique, ref_template=REF)
    allowed: dict[str, list[str]] = {}
    for route in routes:
        allowed.setdefault(route.path, []).append(route.method)
    writer = _Writer(schemas, refusal, path_examples, path_words, allowed)
    paths: dict[str, Schema] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = writer.operation(route, security)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "description": description},
        "servers": [{"url": server}],
        "paths": paths,
        "webhooks": {name: {"post": writer.webhook(shape)} for name, shape in webhooks.items()},
        "components": {"schemas": schemas, "securitySchemes": security},
    }


class _Writer:
    def __init__(
        self,
        schemas: Schema,
        refusal: type[Refusal],
        path_examples: Callable[[str], Mapping[str, str | int]],
        path_words: Mapping[str, str],
        allowed: dict[str, list[str]],
    ) -> None:
        self.schemas = schemas
        self.refusal = refusal
        self.path_examples = path_examples
        self.path_words = path_words
        self.allowed = allowed

    def operation(self, route: Route, security: dict[str, Schema]) -> Schema:
        summary, _, more = cleandoc(getdoc(route.door) or "").partition("\n")
        operation: Schema = {
            "operationId": route.door.__name__,
            "summary": summary,
            "description": "\n\n".join(filter(None, [more.strip(), _opened_by(route)])),
            "parameters": [*self._path_parameters(route), *self._query_parameters(route), *_idempotency(route)],
            "responses": self._responses(route),
            "security": [] if isinstance(route.access, Open) else [{name: [] for name in security}],
        }
        if route.body:
            operation["requestBody"] = {"required": True, "content": self._content(route.body)}
        return operation

    def webhook(self, shape: type[msgspec.Struct]) -> Schema:
        return {
            "summary": (getdoc(shape) or shape.__name__).split("\n")[0],
            "parameters": [
                {
                    "name": name,
                    "in": "header",
                    "required": required,
                    "description": words,
                    "schema": {"type": "string"},
                    "example": example,
                }
                for required, name, words, example in WEBHOOK_HEADERS
            ],
            "requestBody": {"required": True, "content": self._content(shape)},
            "responses": {"2XX": {"description": "Received; anything else is tried again."}},
        }

    def _path_parameters(self, route: Route) -> list[Schema]:
        return [
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": _path_schema(self.path_examples(route.path)[name]),
                "example": self.path_examples(route.path)[name],
                **({"description": self.path_words[name]} if name in self.path_words else {}),
            }
            for name in PATH_PARAMETER.findall(route.path)
        ]

    def _query_parameters(self, route: Route) -> list[Schema]:
        if route.query is None:
            return []
        _, parts = msgspec.json.schema_components([route.query], ref_template=REF)
        shape = parts[route.query.__name__]
        made = [_query_parameter(*part, needed=shape.get("required", [])) for part in shape["properties"].items()]
        return sorted(made, key=lambda parameter: not parameter["required"])

    def _responses(self, route: Route) -> Schema:
        path = route.path.format(**self.path_examples(route.path))
        fields = [name for shape in (route.body, route.query) if shape for name in shape.__struct_encode_fields__]
        names = {*PATH_PARAMETER.findall(route.path), *fields}
        headers = {"X-Request-Id": REQUEST_ID, **({} if isinstance(route.access, Open) else LIMITS)}
        if route.query and {"limit", "after"} <= {*route.query.__struct_fields__}:
            headers["Link"] = {**LINK, "example": LINK["example"].replace("{path}", path)}
        responses: Schema = {
            str(route.status): {
                "description": HTTPStatus(route.status).phrase,
                "headers": headers,
                "content": self._content(route.answer),
            }
        }
        for status, words in REFUSALS.items():
            example = self.refusal.example(status, names, "/" + path.split("/", 2)[2])
            if example is None or not _may_come(status, route):
                continue
            schema = {"$ref": REF.format(name=self.refusal.__name__)}
            responses[str(status)] = {
                "description": words,
                "headers": {"X-Request-Id": REQUEST_ID, **self._refusal_headers(status, route)},
                "content": {"application/json": {"schema": schema, "example": example}},
            }
        return responses

    def _refusal_headers(self, status: int, route: Route) -> Schema:
        if status == 405:
            allow = ", ".join(sorted(self.allowed[route.path]))
            return {"Allow": {"required": True, "schema": {"type": "string"}, "example": allow}}
        if status in {429, 503}:
            limits = LIMITS if status == 429 and not isinstance(route.access, Open) else {}
            return {"Retry-After": {**RETRY_AFTER, "required": True}, **limits}
        return {"Retry-After": RETRY_AFTER} if status == 409 else {}

    def _content(self, shape: Any) -> Schema:
        schema = {"$ref": REF.format(name=shape.__name__)}
        return {"application/json": {"schema": schema, "example": self.example(schema)}}

    def example(self, schema: Schema) -> Any:
        """What the fields' own examples say, put together; the first of a choice where there is none."""
        if "examples" in schema:
            return schema["examples"][0]
        if "$ref" in schema:
            return self.example(self.schemas[schema["$ref"].rpartition("/")[2]])
        if "const" in schema or "enum" in schema:
            return schema.get("const", schema.get("enum", [None])[0])
        if "anyOf" in schema:
            return self.example(schema["anyOf"][0])
        if schema.get("type") == "object":
            return self._object(schema)
        if schema.get("type") == "array":
            return [self.example(schema["items"])]
        raise ValueError(f"A field has no example: {schema}")

    def _object(self, schema: Schema) -> Schema:
        """Fields that must be there, and those that may and have an example; one word means the same in all shapes."""
        required = schema.get("required", [])
        made = {}
        for name, field in schema.get("properties", {}).items():
            if _has_example(field):
                made[name] = self.example(field)
            elif name in required:
                made[name] = self.example(self._namesake(name, field))
        return made

    def _namesake(self, name: str, field: Schema) -> Schema:
        """The field itself, or the first field of this name and type elsewhere, if only that has an example."""
        if {"$ref", "const", "enum", "anyOf"} & {*field}:
            return field
        for other in self.schemas.values():
            found: Schema = other.get("properties", {}).get(name, {})
            if _has_example(found) and found.get("type") == field.get("type"):
                return found
        return field


def _opened_by(route: Route) -> str:
    """Which scope the caller's key must have."""
    scope = getattr(route.access, "scope", "")
    return f"Scope: {scope}." if scope else ""


def _path_schema(example: str | int) -> Schema:
    return {"type": "integer", "minimum": 1} if isinstance(example, int) else {"type": "string", "minLength": 1}


def _has_example(field: Schema) -> bool:
    return "examples" in field or any("examples" in choice for choice in field.get("anyOf", []))


def _may_come(status: int, route: Route) -> bool:
    if status in ONLY_BODIES:
        return route.body is not None
    return status not in ONLY_WRITES or route.method in WRITES


def _query_parameter(name: str, schema: Schema, *, needed: Sequence[str]) -> Schema:
    """Its words belong to the parameter, where readers look for them; so does an example that samples shall have."""
    schema = _without_null(schema)
    example = schema.pop("example", schema["examples"][0] if name in needed else None)
    told = {"description": schema.pop("description", None), "example": example}
    parameter = {"name": name, "in": "query", "required": name in needed, "schema": schema}
    return parameter | {word: value for word, value in told.items() if value is not None}


def _without_null(schema: Schema) -> Schema:
    """A query parameter is there or not; it is never null."""
    schema = {name: value for name, value in schema.items() if name != "default" or value is not None}
    choices = [choice for choice in schema.get("anyOf", []) if choice != {"type": "null"}]
    if len(choices) == 1:
        schema = {**{name: value for name, value in schema.items() if name != "anyOf"}, **choices[0]}
    if None in schema.get("enum", []):
        schema["enum"] = [value for value in schema["enum"] if value is not None]
    return schema


def _idempotency(route: Route) -> list[Schema]:
    if route.method not in WRITES:
        return []
    words = "The same key and body within 72 h answers what the first request answered."
    schema = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x20-\\x7e]+$"}
    return [{"name": "Idempotency-Key", "in": "header", "required": False, "description": words, "schema": schema}]
