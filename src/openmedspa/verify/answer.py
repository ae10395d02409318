"""One request and what came back, and how a check says what it expected. Sends nothing itself."""

import json
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from openmedspa.verify.shape import SHOWN, Maybe, differences, shown
from openmedspa.verify.shape import TEXT as WORDS

MOST_DIFFERENCES = 4


class Broken(Exception):
    """The server does not keep what a check is about: what was expected, and what came."""

    def __init__(self, expected: str, came: str) -> None:
        super().__init__(f"expected {expected}, came {came}")
        self.expected = expected
        self.came = came


def require(holds: object, expected: str, came: object) -> None:
    """Broken unless it holds."""
    if not holds:
        raise Broken(expected, came if isinstance(came, str) else shown(came))


class Answer(Struct, frozen=True):
    """A response, read to its end. Header names are in lower case."""

    sent: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON; Broken when it is something else."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise Broken("a body of JSON", self.told) from None

    @property
    def told(self) -> str:
        """What came, on one line."""
        text = " ".join(self.body.decode(errors="replace").split())
        return f"{self.status} {text[:SHOWN]}{'…' if len(text) > SHOWN else ''}".rstrip()

    def is_(self, status: int, shape: Any) -> Any:
        """The body, which has this shape and no other field; Broken else."""
        wrong = [] if self.status == status else [f"the status is {self.status}"]
        wrong += list(differences(shape, self.json))[:MOST_DIFFERENCES]
        if wrong:
            raise Broken(f"{status} {shown(shape)}", f"{self.told} — {'; '.join(wrong)}")
        return self.json

    def has_status(self, *statuses: int) -> None:
        require(self.status in statuses, " or ".join(map(str, statuses)), self.told)

    def refuses(self, status: int, error: Any = WORDS, message: Any = None) -> None:
        """A refusal: `success`, `error`, and `message` if one is given here; any message or none when it is not."""
        shape = {"success": False, "error": error, "message": Maybe(WORDS) if message is None else message}
        self.is_(status, shape)

    def refuses_just(self, status: int, error: str) -> None:
        """A refusal of these words and without a message."""
        self.is_(status, {"success": False, "error": error})

    def names(self, field: str, status: int = 400) -> None:
        """A refusal that says which field is wrong."""
        self.refuses(status)
        said = f"{self.json['error']} {self.json.get('message', '')}"
        require(field in said, f"{status}, and words that name `{field}`", self.told)
