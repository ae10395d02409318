"""Finds the line of a route table that a request means. Knows neither APIs nor pages."""

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, Protocol, TypeVar

from starlette.routing import compile_path

from openmedspa.kit.errors import MethodNotAllowed, NotFound


class Line(Protocol):
    """What lines of all tables have."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...


L = TypeVar("L", bound=Line)


class Table(Generic[L]):
    """`missing` words an unknown path (no method given) or a method that a path does not know."""

    def __init__(self, lines: Sequence[L], *, missing: Callable[[str, str], tuple[str, str]]) -> None:
        self._fixed = {(line.method, line.path): line for line in lines if "{" not in line.path}
        self._patterns = [(compile_path(line.path)[0], line) for line in lines]
        self._missing = missing

    def find(self, method: str, path: str) -> tuple[L, Mapping[str, str]]:
        """The line and the parts of its path. NotFound, or MethodNotAllowed with the methods there are."""
        if fixed := self._fixed.get((method, path)):
            return fixed, {}
        allowed = []
        for pattern, line in self._patterns:
            if match := pattern.fullmatch(path):  # `match` would let a line feed stand at the end
                if line.method == method or (method == "HEAD" and line.method == "GET"):
                    return line, match.groupdict()
                allowed.append(line.method)
        error, detail = self._missing(method if allowed else "", path)
        if allowed:
            raise MethodNotAllowed(error, detail, headers={"Allow": ", ".join(sorted({*allowed}))})
        raise NotFound(error, detail, code="endpoint_not_found")
