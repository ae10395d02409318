"""All SQL on articles and their earlier versions. One knowledge base for everybody: these tables have no tenants."""

from datetime import datetime

from openmedspa.kit.db import Reads, Row, Tx
from openmedspa.knowledge.shapes import Wording

COLUMNS = "a.id, a.title, a.article, a.category, a.type, a.tags, a.retired_at"
ALL = "a.id, a.title, a.article, a.category, a.type, a.tags, a.retired_at, a.version, a.written_by, a.updated_at as written_at"
OF_KIND = "($3::text is null or lower(a.category) = lower($3)) and ($4::text is null or lower(a.type) = lower($4))"
# A title that begins so, by a range: unlike `like`, an index serves it for whatever is asked.
MATCHES = """
(a.words @@ websearch_to_tsquery('english', $6)
 or (lower(a.title) collate "C" >= lower($6) and lower(a.title) collate "C" < lower($6) || chr(1114111)))
"""


async def list_articles(
    db: Reads, *, category: str | None, type: str | None, limit: int, offset: int, most_counted: int  # noqa: A002
) -> tuple[int, list[Row]]:  # fmt: skip
    """How many there are, counting no further than one beyond `most_counted`, and a page of them, the newest first."""
    rows = await db.unscoped_rows(
        f"""
        select c.counted, f.* from
          (select count(*) as counted from (select from articles a where {OF_KIND} limit $5::int + 1) x) c
        left join
          (select {COLUMNS} from articles a where {OF_KIND} order by a.id desc limit $1 offset $2) f on true
        order by f.id desc
        """,
        limit,
        offset,
        category,
        type,
        most_counted,
    )
    return _page(rows)


async def search_articles(
    db: Reads, search: str, *, category: str | None, type: str | None, limit: int, offset: int,  # noqa: A002
    most_counted: int,
) -> tuple[int, list[Row]]:  # fmt: skip
    """The same of those that hold the words, or whose title begins so; the best first, then the newest."""
    rows = await db.unscoped_rows(
        f"""
        select c.counted, f.* from
          (select count(*) as counted from (select from articles a where {MATCHES} and {OF_KIND} limit $5::int + 1) x) c
        left join
          (select lower(a.title) = lower($6) as is_it, ts_rank(a.words, websearch_to_tsquery('english', $6)) as rank,
                  {COLUMNS}
           from articles a where {MATCHES} and {OF_KIND}
           order by is_it desc, rank desc, a.id desc limit $1 offset $2) f on true
        order by f.is_it desc, f.rank desc, f.id desc
        """,
        limit,
        offset,
        category,
        type,
        most_counted,
        search,
    )
    return _page(rows)


def _page(rows: list[Row]) -> tuple[int, list[Row]]:
    return rows[0]["counted"] if rows else 0, [row for row in rows if row["id"] is not None]


async def find_article(db: Reads, article_id: int) -> Row | None:
    return await db.unscoped_row(f"select {ALL} from articles a where a.id = $1", article_id)


async def lock_article(tx: Tx, article_id: int) -> Row | None:
    """The article as it is now; nobody else changes it before this transaction ends."""
    return await tx.unscoped_row(f"select {ALL} from articles a where a.id = $1 for update", article_id)


async def find_same(tx: Tx, title: str, category: str) -> Row | None:
    """An article of this title and category without case, as imports know theirs; the oldest of several."""
    return await tx.unscoped_row(
        f"select {ALL} from articles a where lower(a.title) = lower($1) and lower(a.category) = lower($2)"
        " order by a.id limit 1 for update",
        title,
        category,
    )


async def insert_article(tx: Tx, wording: Wording, *, actor: str, now: datetime) -> int:
    """A new one, by the operator's roles only; its number."""
    row = await tx.unscoped_row(
        """
        insert into articles (title, article, category, type, tags, retired_at, written_by, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $8)
        returning id
        """,
        wording.title,
        wording.article,
        wording.category,
        wording.type,
        wording.tags,
        wording.retired_at,
        actor,
        now,
    )
    assert row is not None
    return int(row["id"])


async def update_article(tx: Tx, article_id: int, wording: Wording, *, actor: str, now: datetime) -> None:
    """Keep what it says until now as a version, with who wrote it and when; then let it say this."""
    await tx.unscoped_row(
        """
        with kept as (
          insert into article_versions (article_id, version, title, article, category, type, tags, retired_at,
                                        written_by, written_at)
          select a.id, a.version, a.title, a.article, a.category, a.type, a.tags, a.retired_at, a.written_by,
                 a.updated_at
          from articles a where a.id = $1
          returning article_id
        )
        update articles a
        set title = $2, article = $3, category = $4, type = $5, tags = $6, retired_at = $7, written_by = $8,
            updated_at = $9, version = a.version + 1
        from kept where a.id = kept.article_id
        """,
        article_id,
        wording.title,
        wording.article,
        wording.category,
        wording.type,
        wording.tags,
        wording.retired_at,
        actor,
        now,
    )


async def list_versions(db: Reads, article_id: int) -> list[Row]:
    """Everything that it said before, the newest first; what it says now is the article itself."""
    return await db.unscoped_rows(
        """
        select v.version, v.title, v.article, v.category, v.type, v.tags, v.retired_at, v.written_by, v.written_at
        from article_versions v where v.article_id = $1 order by v.version desc
        """,
        article_id,
    )
