"""OpenAPI 3.1 from a route table: what is served is what is written there. Knows no route."""

import re
from collections.abc import Sequence
from http import HTTPStatus
from inspect import cleandoc, getdoc
from typing import Any

import msgspec

from openmedspa.kit.http import WRITES, Open, Route

Schema = dict[str, Any]
REF = "#/components/schemas/{name}"
PATH_PARAMETER = re.compile(r"\{(\w+)\}")
REFUSALS = {
    400: "Invalid input: the answer names the field and why.",
    401: "The key is missing or invalid.",
    403: "The key may not do this.",
    404: "There is no such location or visit.",
    409: "The idempotency key was used for another request, or its first request is still running.",
    413: "The body is larger than 1 MiB.",
    415: "The body is not JSON by its content type.",
    429: "Over the limit: try again after `Retry-After` seconds.",
    500: "Our mistake.",
    503: "Overloaded, or the database is away: try again after `Retry-After` seconds.",
}
ONLY_WRITES = {409, 413, 415}


def document(
    routes: Sequence[Route],
    *,
    title: str,
    version: str,
    description: str,
    server: str,
    security: dict[str, Schema],
    refusal: type[msgspec.Struct],
    webhooks: dict[str, type[msgspec.Struct]],
    path_examples: dict[str, str],
) -> Schema:
    """The whole document. `path_examples` gives each path parameter's example."""
    bodies = [route.body for route in routes if route.body]
    shapes = [refusal, *(route.answer for route in routes), *bodies, *webhooks.values()]
    unique = list({shape.__name__: shape for shape in shapes}.values())
    _, schemas = msgspec.json.schema_components(unique, ref_template=REF)
    writer = _Writer(schemas, refusal, path_examples)
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
    def __init__(self, schemas: Schema, refusal: type[msgspec.Struct], path_examples: dict[str, str]) -> None:
        self.schemas = schemas
        self.refusal = refusal
        self.path_examples = path_examples

    def operation(self, route: Route, security: dict[str, Schema]) -> Schema:
        summary, _, more = cleandoc(getdoc(route.door) or "").partition("\n")
        operation: Schema = {
            "operationId": route.door.__name__,
            "summary": summary,
            "description": more.strip(),
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
            "requestBody": {"content": self._content(shape)},
            "responses": {"2XX": {"description": "Received; anything else is tried again."}},
        }

    def _path_parameters(self, route: Route) -> list[Schema]:
        return [
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": {"type": "string", "minLength": 1},
                "example": self.path_examples[name],
            }
            for name in PATH_PARAMETER.findall(route.path)
        ]

    def _query_parameters(self, route: Route) -> list[Schema]:
        if route.query is None:
            return []
        _, parts = msgspec.json.schema_components([route.query], ref_template=REF)
        properties: dict[str, Schema] = parts[route.query.__name__]["properties"]
        return [
            {"name": name, "in": "query", "required": False, "schema": _without_null(schema)}
            for name, schema in properties.items()
        ]

    def _responses(self, route: Route) -> Schema:
        good = {"description": HTTPStatus(route.status).phrase, "content": self._content(route.answer)}
        bad = {
            str(status): {"description": words, "content": self._content(self.refusal)}
            for status, words in REFUSALS.items()
            if route.method in WRITES or status not in ONLY_WRITES
        }
        return {str(route.status): good, **bad}

    def _content(self, shape: type[msgspec.Struct]) -> Schema:
        schema = {"$ref": REF.format(name=shape.__name__)}
        return {"application/json": {"schema": schema, "example": self.example(schema)}}

    def example(self, schema: Schema) -> Any:
        """What the field's own examples say, put together; the first of a choice where there is none."""
        if "examples" in schema:
            return schema["examples"][0]
        if "$ref" in schema:
            return self.example(self.schemas[schema["$ref"].rpartition("/")[2]])
        if "const" in schema or "enum" in schema:
            return schema.get("const", schema.get("enum", [None])[0])
        if "anyOf" in schema:
            return self.example(schema["anyOf"][0])
        if schema.get("type") == "object":
            return {name: self.example(field) for name, field in schema.get("properties", {}).items()}
        if schema.get("type") == "array":
            return [self.example(schema["items"])]
        return {"string": "text", "integer": 1, "boolean": True, "null": None}.get(str(schema.get("type")))


def _without_null(schema: Schema) -> Schema:
    """A query parameter is there or not; it is never null."""
    schema = {name: value for name, value in schema.items() if name != "default"}
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
