"""What an article said, who wrote it and when: for those who run the installation. Knows no terminal."""

from datetime import datetime
from itertools import pairwise

from msgspec import Struct

from openmedspa.kit.db import Row, Tx
from openmedspa.kit.errors import NotFound
from openmedspa.knowledge import queries

FIELDS = {"title": "Title", "article": "Article", "category": "Category", "type": "Type", "tags": "Tags"}


class Change(Struct, frozen=True):
    """One field of one version; `before` is None for the first."""

    at: datetime
    actor: str
    field: str
    before: object
    after: object


async def list_(tx: Tx, article_id: int, *, actor: str, now: datetime) -> list[Change]:  # noqa: ARG001 as every kind's
    """The oldest first. NotFound when there is no such article."""
    present = await queries.find_article(tx, article_id)
    if present is None:
        raise NotFound(f"There is no article {article_id}.", code="article_not_found")
    versions = [None, *reversed(await queries.list_versions(tx, article_id)), present]
    return [change for was, now_is in pairwise(versions) if now_is for change in _changes(was, now_is)]


def _changes(was: Row | None, now_is: Row) -> list[Change]:
    before, after = _told(was) if was else {}, _told(now_is)
    return [
        Change(now_is["written_at"], now_is["written_by"], field, before.get(field), value)
        for field, value in after.items()
        if was is None or before[field] != value
    ]


def _told(version: Row) -> dict[str, object]:
    """By the names that the wire has."""
    return {name: version[column] for column, name in FIELDS.items()} | {"Active": version["retired_at"] is None}
