"""What a JSON value must look like, and in words where it does not. Objects are closed. Pure."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

SHOWN = 300


class Is(Struct, frozen=True):
    """A value that a sentence describes better than an example."""

    says: str
    holds: Callable[[Any], bool]


class Maybe(Struct, frozen=True):
    """A field that may be left out; if it is there it has this shape."""

    shape: Any


class Each(Struct, frozen=True):
    """A list of any length; each item has this shape."""

    shape: Any


TEXT = Is("a text that is not empty", lambda value: isinstance(value, str) and value != "")
ANY_TEXT = Is("a text", lambda value: isinstance(value, str))
HTTP_URL = Is("an http(s) URL", lambda value: isinstance(value, str) and value.startswith(("http://", "https://")))


def like(pattern: str, says: str) -> Is:
    """A text that fits the pattern from end to end."""
    return Is(says, lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None)


def mentions(word: str) -> Is:
    """A text that holds this word, in any case."""
    return Is(
        f"a text that says “{word}”", lambda value: isinstance(value, str) and word.casefold() in value.casefold()
    )


def one_of(*values: str) -> Is:
    return Is(" or ".join(json.dumps(value) for value in values), lambda value: value in values)


def differences(shape: Any, value: Any, at: str = "") -> Iterator[str]:
    """Everything in which the value is not as the shape says; nothing when it fits."""
    where = f"`{at}`" if at else "the body"
    if isinstance(shape, Is):
        if not shape.holds(value):
            yield f"{where} must be {shape.says}, not {shown(value)}"
    elif isinstance(shape, Each):
        yield from _of_list(shape, value, at)
    elif isinstance(shape, dict):
        yield from _of_object(shape, value, at)
    elif isinstance(shape, list):
        yield from _of_items(shape, value, at)
    elif type(value) is not type(shape) or value != shape:
        yield f"{where} must be {shown(shape)}, not {shown(value)}"


def _of_list(shape: Each, value: Any, at: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"`{at}` must be a list, not {shown(value)}"
        return
    for index, item in enumerate(value):
        yield from differences(shape.shape, item, f"{at}[{index}]")


def _of_items(shape: list[Any], value: Any, at: str) -> Iterator[str]:
    if not isinstance(value, list) or len(value) != len(shape):
        yield f"`{at}` must be {shown(shape)}, not {shown(value)}"
        return
    for index, (wanted, item) in enumerate(zip(shape, value, strict=True)):
        yield from differences(wanted, item, f"{at}[{index}]")


def _of_object(shape: dict[str, Any], value: Any, at: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{f'`{at}`' if at else 'the body'} must be an object, not {shown(value)}"
        return
    for name, wanted in shape.items():
        inner = wanted.shape if isinstance(wanted, Maybe) else wanted
        if name in value:
            yield from differences(inner, value[name], _join(at, name))
        elif not isinstance(wanted, Maybe):
            yield f"`{_join(at, name)}` is missing"
    for name in value.keys() - shape.keys():
        yield f"`{_join(at, name)}` is not a field of the contract"


def _join(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def shown(value: Any) -> str:
    """A value or a shape on one line, and not without end."""
    text = json.dumps(value, ensure_ascii=False, default=_in_words)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _in_words(shape: Any) -> str:
    if isinstance(shape, Is):
        return f"<{shape.says}>"
    return f"<maybe {shown(shape.shape)}>" if isinstance(shape, Maybe) else f"<each {shown(shape.shape)}>"
