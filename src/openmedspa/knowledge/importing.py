"""Articles from a file: known by title and category, changed so that nothing they said is lost. Knows neither files
nor HTTP."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET

from openmedspa.kit import files, parsing
from openmedspa.kit.bulk import Faults, Judged, Outcome
from openmedspa.kit.db import Tx
from openmedspa.kit.seen import Seen
from openmedspa.knowledge import articles, queries
from openmedspa.knowledge.shapes import ArticleIn

KINDS: dict[str, files.Kind] = {"Active": "flag"}
FIELDS: files.Fields = {name: KINDS.get(name, "text") for name in ArticleIn.__struct_encode_fields__}
NEEDED: files.Needed = (("Title", "Article"),)


class Articles:
    def __init__(self, *, actor: str, now: datetime) -> None:
        self.fields = FIELDS
        self.needed = NEEDED
        self._actor = actor
        self._now = now

    def judge(self, given: dict[str, Any]) -> ArticleIn | Faults:
        wrong = files.unprintable(given)
        wrong |= {name: "is required" for name in NEEDED[0] if name not in given}
        if isinstance(given.get("Title"), str) and not given["Title"].strip():
            wrong["Title"] = "must not be blank"
        try:
            row = msgspec.convert(given, ArticleIn)
        except msgspec.ValidationError as trouble:
            return parsing.explain(trouble, ArticleIn).fields | parsing.mistakes(given, ArticleIn) | wrong
        return wrong or row

    def identities(self, row: ArticleIn) -> list[bytes]:
        return [f"{_text(row.title)}\x1f{_text(row.category)}".lower().encode()]

    async def write(self, tx: Tx, batch: Sequence[Judged[ArticleIn]], seen: Seen) -> Outcome:  # noqa: ARG002
        """One after the other: a change keeps what stood there before."""
        became = Counter([await self._bring(tx, judged.row) for judged in batch])
        return Outcome(became["created"], became["updated"], became["unchanged"])

    async def _bring(self, tx: Tx, row: ArticleIn) -> str:
        present = await queries.find_same(tx, _text(row.title), _text(row.category))
        if present is None:
            await articles.add(tx, row, actor=self._actor, now=self._now)
            return "created"
        changed = await articles.change(tx, present["id"], row, actor=self._actor, request_id=None, now=self._now)
        return "unchanged" if changed["version"] == present["version"] else "updated"


def _text(value: object) -> str:
    return "" if value is UNSET else str(value)
