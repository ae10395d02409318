"""Doors on the knowledge base: parse, call, answer."""

from openmedspa.kit.db import Row
from openmedspa.kit.http import Call
from openmedspa.knowledge import articles
from openmedspa.knowledge.shapes import Article, ArticleList, OneArticle
from openmedspa.partners.keys import Grant
from openmedspa.partners.wire import number, pagination


async def list_articles(call: Call[Grant]) -> ArticleList:
    """Articles of the knowledge base, the newest first; with `search`, the best match first."""
    counted, found = await articles.find(call.db, call.query)
    return ArticleList([_to_article(row) for row in found], pagination(call.query, counted))


async def show_article(call: Call[Grant]) -> OneArticle:
    """One article."""
    return OneArticle(_to_article(await articles.get(call.db, number(call.path["id"], of="article"))))


async def change_article(call: Call[Grant]) -> OneArticle:
    """Change an article: the fields given, and no others. What it said before is kept, with who wrote it."""
    changed = await articles.change(
        call.tx, number(call.path["id"], of="article"), call.body, actor=call.grant.actor, request_id=call.request_id,
        now=call.now,
    )  # fmt: skip
    return OneArticle(_to_article(changed))


def _to_article(row: Row) -> Article:
    return Article(
        id=row["id"],
        title=row["title"],
        article=row["article"],
        category=row["category"],
        type=row["type"],
        tags=row["tags"],
        active=row["retired_at"] is None,
    )
