"""Every statement of every queries.py, gathered by calling each function with made-up arguments on a fake database."""

import inspect
import types
import typing
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin
from uuid import UUID

from msgspec import NODEFAULT, Struct
from msgspec.structs import fields

import openmedspa
from openmedspa.kit.db import Scope, scoped

ROOT = Path(openmedspa.__file__).parent
FILES = [*ROOT.glob("*/queries.py"), *ROOT.glob("*/queries/[!_]*.py")]
MODULES = sorted("openmedspa." + ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in FILES)
MADE_UP: dict[Any, Any] = {
    int: 1, str: "1", bytes: b"x" * 32, bool: True, float: 1.0, datetime: datetime(2025, 1, 1, tzinfo=UTC),
    date: date(1990, 1, 1), timedelta: timedelta(seconds=1), UUID: UUID(int=1), Any: "1", object: "1",
}  # fmt: skip
SPANS = {"providers": [1], "starts": [datetime(2025, 1, 1, tzinfo=UTC)], "ends": [datetime(2025, 1, 2, tzinfo=UTC)]}
BY_NAME: dict[str, Any] = {
    "location_ids": ["loc_glow", "loc_glow2"], "endpoint": "api",
    "visit_type": "FOLLOWUP", "minutes": 30, "status": "Completed", "patient_id": 2, "back": SPANS, "wanted": SPANS,
    "location_id": "loc_glow", "steps": ["signed"], "gfe_id": "gfe_10", "rows": [(1, datetime(2025, 1, 1, tzinfo=UTC), "1", "1", "1", None, None)],  # noqa: E501
    "told": [(datetime(2025, 1, 1, tzinfo=UTC), "req_1", "GET", "/emr", 200, "", 900, None, 1, 1, 1)],
}  # fmt: skip


class Statement(Struct, frozen=True):
    """A statement as it reaches PostgreSQL: scoped reads are wrapped, what a transaction sends is not."""

    where: str
    sql: str
    args: tuple[Any, ...]


class Recorder:
    """Stands for a Database and a Tx, keeps what it is asked for and finds nothing."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.asked: list[Statement] = []

    async def row(self, sql: str, *args: object) -> None:
        self._keep(sql, args, scoped(sql))

    async def rows(self, sql: str, *args: object) -> list[Any]:
        self._keep(sql, args, scoped(sql))
        return []

    async def unscoped_row(self, sql: str, *args: object) -> None:
        self._keep(sql, args)

    async def unscoped_rows(self, sql: str, *args: object) -> list[Any]:
        self._keep(sql, args)
        return []

    def stream(self, sql: str, *args: object) -> AsyncIterator[Any]:
        self._keep(sql, args)

        async def nothing() -> AsyncIterator[Any]:
            return
            yield

        return nothing()

    def _keep(self, sql: str, args: tuple[Any, ...], *further: str) -> None:
        reads = sql.lstrip().startswith("select") and "for update" not in sql
        self.asked += [Statement(self.where, text, args) for text in (sql, *(further if reads else ()))]


def functions() -> dict[str, Any]:
    """Every public function of every queries.py by its full name."""
    return {
        f"{name}.{function.__name__}": function
        for name in MODULES
        for function in vars(import_module(name)).values()
        if inspect.isfunction(function) and function.__module__ == name and not function.__name__.startswith("_")
    }


async def statements_of(name: str, function: Any) -> list[Statement]:
    recorder = Recorder(name)
    hints = typing.get_type_hints(function)
    parameters = list(inspect.signature(function).parameters.values())
    made = {parameter.name: made_up(hints[parameter.name], parameter.name) for parameter in parameters[1:]}
    if "insert" in function.__name__ and "gfe_id" in made:
        made["gfe_id"] = "gfe_new"
    positional = [made[p.name] for p in parameters[1:] if p.kind is not inspect.Parameter.KEYWORD_ONLY]
    keyword = {p.name: made[p.name] for p in parameters[1:] if p.kind is inspect.Parameter.KEYWORD_ONLY}
    try:
        answer = function(recorder, *positional, **keyword)
        if inspect.isawaitable(answer):
            await answer
    except AssertionError:
        pass  # "there must be a row": it was asked for
    return recorder.asked


def made_up(hint: Any, name: str = "") -> Any:
    """Any value of a type; the first choice of a union. Some names have a value of their own."""
    if name in BY_NAME:
        return BY_NAME[name]
    if hint in MADE_UP:
        return MADE_UP[hint]
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return args[0]
    if origin in (Union, types.UnionType):
        return made_up(next(arg for arg in args if arg is not type(None)))
    if hint is Scope or origin in (list, Sequence, Collection):
        return [made_up(args[0])] if args else [1]
    if origin in (dict, Mapping):
        return {made_up(args[0]): made_up(args[1])}
    if origin is tuple:
        return tuple(made_up(arg) for arg in args if arg is not ...)
    if inspect.isclass(hint) and issubclass(hint, Struct):
        hints = typing.get_type_hints(hint)
        return hint(**{f.name: made_up(hints[f.name], f.name) for f in fields(hint) if f.default is NODEFAULT})
    if inspect.isclass(hint) and hasattr(hint, "__members__"):
        return next(iter(hint.__members__.values()))
    raise TypeError(f"no value for {hint}")
