"""Articles: found by words or kind, and changed so that nothing they said is lost. Knows no HTTP."""

from datetime import datetime
from typing import Any

from msgspec import UNSET
from msgspec.structs import asdict, replace

from openmedspa.kit.db import Reads, Row, Tx
from openmedspa.kit.errors import Invalid
from openmedspa.knowledge import queries
from openmedspa.knowledge.shapes import ArticleIn, ArticleQuery, Wording
from openmedspa.partners.wire import MOST_COUNTED, not_found
from openmedspa.usage import audit


async def find(db: Reads, query: ArticleQuery) -> tuple[int, list[Row]]:
    """How many there are and the page asked for: the best first when there is something to search, else the newest."""
    search = (query.search or "").strip()
    if not search:
        return await queries.list_articles(
            db, category=query.category or None, type=query.type or None, limit=query.limit, offset=query.offset,
            most_counted=MOST_COUNTED,
        )  # fmt: skip
    return await queries.search_articles(
        db, search, category=query.category or None, type=query.type or None, limit=query.limit, offset=query.offset,
        most_counted=MOST_COUNTED,
    )  # fmt: skip


async def get(db: Reads, article_id: int) -> Row:
    """NotFound when there is none."""
    found = await queries.find_article(db, article_id)
    if found is None:
        raise not_found("article")
    return found


async def change(
    tx: Tx, article_id: int, wanted: ArticleIn, *, actor: str, request_id: str | None, now: datetime
) -> Row:
    """Change the fields given and keep what stood there; nothing happens when all of it stands there already."""
    _require_title(wanted)
    present = await queries.lock_article(tx, article_id)
    if present is None:
        raise not_found("article")
    before = Wording(**{name: present[name] for name in Wording.__struct_fields__})
    after = replace(before, **_given(wanted, before.retired_at, now))
    if after == before:
        return present
    await queries.update_article(tx, article_id, after, actor=actor, now=now)
    await _record(tx, "article.changed", article_id, actor=actor, request_id=request_id, now=now)
    return await get(tx, article_id)


async def add(tx: Tx, wanted: ArticleIn, *, actor: str, now: datetime) -> int:
    """A new article, which only the operator brings; its number. Invalid without a title."""
    if wanted.title is UNSET:
        raise Invalid("Title is required", code="field_invalid", fields={"Title": "is required"})
    _require_title(wanted)
    article_id = await queries.insert_article(tx, Wording(**_given(wanted, None, now)), actor=actor, now=now)
    await _record(tx, "article.added", article_id, actor=actor, request_id=None, now=now)
    return article_id


def _require_title(wanted: ArticleIn) -> None:
    if wanted.title is not UNSET and not wanted.title.strip():
        why = "must not be blank"
        raise Invalid("Title is invalid", f"Title {why}", code="field_invalid", fields={"Title": why})


def _given(wanted: ArticleIn, retired_at: datetime | None, now: datetime) -> dict[str, Any]:
    given = {name: value for name, value in asdict(wanted).items() if value is not UNSET}
    if "active" in given:
        given["retired_at"] = None if given.pop("active") else retired_at or now
    return given


async def _record(tx: Tx, action: str, article_id: int, *, actor: str, request_id: str | None, now: datetime) -> None:
    await audit.record(
        tx, audit.PLATFORM, actor=actor, action=action, subject=f"article:{article_id}", request_id=request_id,
        now=now,
    )  # fmt: skip
