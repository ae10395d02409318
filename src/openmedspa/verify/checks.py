"""A check is one sentence of the contract and a function that asks the server for it. Runs nothing itself."""

from collections.abc import Awaitable, Callable
from typing import Any, Literal

from msgspec import Struct

Does = Callable[[Any], Awaitable[None]]  # of the trial of its own contract
# documented: the reference documents say or show it, or the contract gives it as theirs. extension: our contract's own,
# so another implementation may lack it and still conform.
Source = Literal["documented", "extension"]


class Check(Struct, frozen=True):
    """`needs` are names of `Given`'s fields; `slow` ones wait for the server's own clock, and begin first."""

    group: str
    name: str
    says: str
    source: Source
    section: str
    does: Does
    needs: tuple[str, ...] = ()
    slow: bool = False

    @property
    def id(self) -> str:
        return f"{self.group}.{self.name}"


class Chapter:
    """A group of checks, in the order in which they stand in its file."""

    def __init__(self, group: str, *, section: str, needs: tuple[str, ...] = ()) -> None:
        self.group = group
        self.section = section
        self.checks: list[Check] = []
        self._needs = needs

    def documented(self, *needs: str, slow: bool = False) -> Callable[[Does], Does]:
        """The function below is a check of what the documents promise; its docstring is the sentence."""
        return lambda does: self._keep("documented", does, needs, slow=slow)

    def extension(self, *needs: str, slow: bool = False) -> Callable[[Does], Does]:
        """The function below is a check of what our contract adds; its docstring is the sentence."""
        return lambda does: self._keep("extension", does, needs, slow=slow)

    def add(self, name: str, says: str, does: Does, *, source: Source = "documented", slow: bool = False) -> None:
        """One check of a family that is told by a table."""
        self.checks.append(Check(self.group, name, says, source, self.section, does, self._needs, slow))

    def _keep(self, source: Source, does: Does, needs: tuple[str, ...], *, slow: bool) -> Does:
        name: str = does.__name__.strip("_").replace("_", "-")
        says = " ".join((does.__doc__ or "").split())
        self.checks.append(Check(self.group, name, says, source, self.section, does, (*self._needs, *needs), slow))
        return does
