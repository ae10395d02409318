"""JSON bodies and query strings into frozen structs; a mistake becomes a sentence that names the field."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal, TypeVar, cast, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl

import msgspec

from openmedspa.kit.errors import Invalid

T = TypeVar("T")
MOST_NAMED = 50  # mistakes in one body; whoever makes more is no mistaken developer
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

MISTAKES = (
    ("Object missing required field ", "is required"),
    ("Object contains unknown field ", "is not a known field"),
)
KINDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
    "date": "a date",
}
TWICE = "stands there twice"
DAY = "must be a date of the calendar, such as 2026-03-09"
AT = re.compile(r" - at `(?:key in )?\$\.?(?P<path>[^`]*)`$")
FIELD = re.compile(r"`(?P<field>[^`]+)`(?: (?P<why>.+))?$", re.DOTALL)
BOUND = re.compile(r"Expected `(?P<kind>[^`]+)` (?P<length>of length )?(?P<sign>>=|<=) (?P<bound>-?\d+)$")
UNITS = {"str": "characters", "array": "items"}
TYPES = re.compile(r"Expected `(?P<wanted>[^`]+)`, got `(?P<got>[^`]+)`$")


def body(raw: bytes, shape: type[T]) -> T:
    """The JSON body as `shape`. An empty body counts as `{}`, so that the answer names what is missing."""
    try:
        raw.decode()  # all of it: the decoder looks only at the texts it keeps
        value = _decoder(cast("Any", shape)).decode(raw or b"{}")
    except msgspec.ValidationError as trouble:
        raise _mistaken(trouble, raw, shape) from None
    except UNREADABLE as trouble:
        raise _unreadable(trouble) from None
    if b"\\u0000" in raw and not getattr(shape, "judges_nul", False):
        refuse_nul(msgspec.json.decode(raw))
    return value  # type: ignore[no-any-return]


def query(raw: bytes, shape: type[T]) -> T:
    """The query string as `shape`; nothing in it is null, and names that the shape does not forbid are ignored."""
    if not raw:
        return cast("T", _empty(cast("Any", shape)))
    told = parse_qsl(raw.decode("latin-1"), keep_blank_values=True)
    pairs = dict(told)
    refuse_nul(pairs)
    if len(pairs) < len(told) and cast("Any", shape).__struct_config__.forbid_unknown_fields:
        field = next(name for name, _ in told if [other for other, _ in told].count(name) > 1)
        raise Invalid(f"{field} is invalid", f"{field} {TWICE}", code="field_invalid", fields={field: TWICE})
    return form(pairs, shape)


def form(pairs: dict[str, str], shape: type[T]) -> T:
    """A form's fields as `shape`; names it does not know are ignored, texts become numbers where it says so."""
    try:
        return msgspec.convert(pairs, type=shape, strict=False)
    except msgspec.ValidationError as trouble:
        refused = explain(trouble, shape)
        refused.fields |= mistakes(pairs, shape, strict=False)
        raise refused from None


def _mistaken(trouble: msgspec.ValidationError, raw: bytes, shape: type[object]) -> Invalid:
    """The first mistake in words, and all of them as fields; JSON that breaks off after it is no JSON at all."""
    try:
        given = msgspec.json.decode(raw or b"{}")
    except UNREADABLE as broken:
        return _unreadable(broken)
    refused = explain(trouble, shape)
    if isinstance(given, dict):
        refused.fields |= mistakes(given, shape)
    return refused


def _unreadable(trouble: Exception) -> Invalid:
    return Invalid("Invalid JSON", f"The body is not valid JSON: {trouble}", code="json_invalid")


def mistakes(given: Mapping[str, Any], shape: Any, *, strict: bool = True) -> dict[str, str]:
    """Every top field that does not fit, with why, up to MOST_NAMED: msgspec itself stops at the first.

    What a field's type does not say, its shape may judge by `also_wrong`: {field: why} of what was given.
    """
    required, decoders = _fields(shape, strict=strict)
    found = shape.also_wrong(given) if hasattr(shape, "also_wrong") else {}
    found |= {name: "is required" for name in required if name not in given}
    for name, value in given.items():
        if len(found) >= MOST_NAMED:
            break
        try:
            if name not in decoders and shape.__struct_config__.forbid_unknown_fields:
                raise msgspec.ValidationError(f"Object contains unknown field `{name}`")
            if name in decoders:
                decoders[name].decode(msgspec.json.encode(value))
        except msgspec.ValidationError as trouble:
            found |= explain(trouble, shape, within="" if name not in decoders else name).fields
    return found


def explain(trouble: msgspec.ValidationError, shape: type[object], *, within: str = "") -> Invalid:
    """msgspec's complaint in our words. A shape may give its own in `words`: {field: sentence when it is missing}, and
    name fields of its answers as `read_only`. `within` is the field that was looked at by itself.
    """
    text = str(trouble)
    at = AT.search(text)
    path = _within(within, at["path"] if at else "")
    what = text[: at.start()] if at else text
    for start, why in MISTAKES:
        if what.startswith(start):
            return _name(shape, _join(path, what.removeprefix(start).strip("`")), why)
    if own := FIELD.match(what):
        return _name(shape, _join(path, own["field"]), own["why"] or "is invalid")
    why = _form(shape, path) if " matching regex " in what else ""
    return _name(shape, path or "The body", why or _say(what) + _choices(shape, path, what))


def _name(shape: type[object], field: str, why: str) -> Invalid:
    words: dict[str, str] = getattr(shape, "words", {})
    if field in words:
        sentence = words[field] if why == "is required" else f"{field} {why}"
        return Invalid("Bad Request", sentence, code="field_invalid", fields={field: why})
    if field in getattr(shape, "read_only", ()):
        why = "is read-only"
    short = why if any(why == mistake for _, mistake in MISTAKES) else "is invalid"
    return Invalid(f"{field} {short}", f"{field} {why}", code="field_invalid", fields={field: why})


def _form(shape: Any, path: str) -> str:
    """What a top field's type says of its form, as `why`, for whoever misses its pattern."""
    names = dict(zip(shape.__struct_encode_fields__, shape.__struct_fields__, strict=True))
    kind = get_type_hints(shape, include_extras=True).get(names.get(path, ""))
    metas = [meta for part in (kind, *get_args(kind)) for meta in getattr(part, "__metadata__", ())]
    return next((str(meta.extra["why"]) for meta in metas if meta.extra and "why" in meta.extra), "")


def _choices(shape: Any, path: str, what: str) -> str:
    """Which words a top field, or a list in one, knows, when it was given another."""
    if not what.startswith("Invalid enum value "):
        return ""
    field = re.sub(r"\[\d+\]$", "", path)
    python_name = dict(zip(shape.__struct_encode_fields__, shape.__struct_fields__, strict=True)).get(field)
    words = _words_of(get_type_hints(shape).get(python_name)) if python_name else []
    return f", only {', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else f", only {words[0]}" if words else ""


def _words_of(kind: Any) -> list[str]:
    """The choices of a Literal, alone or as one of several kinds."""
    if get_origin(kind) is Literal:
        return [str(choice) for choice in get_args(kind)]
    return [word for part in get_args(kind) for word in _words_of(part)]


def _say(what: str) -> str:
    if bound := BOUND.match(what):
        limit = f"at {'least' if bound['sign'] == '>=' else 'most'} {bound['bound']}"
        return f"must have {limit} {UNITS.get(bound['kind'], 'entries')}" if bound["length"] else f"must be {limit}"
    if what.startswith("Invalid enum value "):
        return f"may not be {what.removeprefix('Invalid enum value ')}"
    if what == "Invalid RFC3339 encoded date":
        return DAY
    types = TYPES.match(what)
    if types is None:
        return f"is wrong: {what}"
    kinds = [kind.strip() for kind in types["wanted"].split("|") if kind.strip() != "null"]  # leaving it out is better
    wanted = " or ".join(KINDS.get(kind, kind) for kind in kinds)
    return f"must be {wanted}, not {KINDS.get(types['got'], types['got'])}"


def _join(path: str, field: str) -> str:
    return f"{path}.{field}" if path else field


def _within(field: str, path: str) -> str:
    return f"{field}{path}" if path.startswith("[") else _join(field, path) if field and path else field or path


def refuse_nul(value: Any, path: str = "") -> None:
    """PostgreSQL's text cannot hold U+0000; say where it stands."""
    if isinstance(value, str) and "\x00" in value:
        field = path or "The body"
        why = "contains the character U+0000"
        raise Invalid(f"{field} is invalid", f"{field} {why}", code="field_invalid", fields={field: why})
    if isinstance(value, dict):
        for name, item in value.items():
            refuse_nul(name, _join(path, "(a field name)"))
            refuse_nul(item, _join(path, name))
    if isinstance(value, list):
        for index, item in enumerate(value):
            refuse_nul(item, f"{path}[{index}]")


@lru_cache(maxsize=256)
def _empty(shape: Any) -> Any:
    return form({}, shape)


@lru_cache(maxsize=256)
def _fields(shape: Any, *, strict: bool) -> tuple[list[str], dict[str, msgspec.json.Decoder[Any]]]:
    """The names that must be there, and what reads each."""
    kinds, fields = get_type_hints(shape, include_extras=True), msgspec.structs.fields(shape)
    required = [field.encode_name for field in fields if field.required]
    return required, {field.encode_name: msgspec.json.Decoder(kinds[field.name], strict=strict) for field in fields}


@lru_cache(maxsize=256)
def _decoder(shape: type[Any]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(shape)
