"""Articles as tests put them on the shelf: only the operator does."""

from datetime import UTC, datetime
from typing import Any

from client import Client

from openmedspa.knowledge import articles
from openmedspa.knowledge.shapes import ArticleIn

NOW = datetime(2026, 3, 1, tzinfo=UTC)
DOCUMENTED = {
    "KBID": 12,
    "Title": "Insurance Verification Workflow",
    "Article": "Step-by-step process...",
    "Category": "Billing",
    "Type": "HowTo",
    "Tags": "insurance, verification",
    "Active": True,
}


async def add(partner: Client, **fields: Any) -> int:
    """An article's number; fields are the columns' names."""
    wanted = ArticleIn(**{"title": "An article", **fields})
    return await partner.house.system.write((), lambda tx: articles.add(tx, wanted, actor="operator", now=NOW))


async def titles(partner: Client, **query: Any) -> list[str]:
    answer = await partner.get("/v1/kb", params=query)
    assert answer.status == 200, answer.json
    assert answer.json["pagination"]["total"] == len(answer.json["data"])
    return [article["Title"] for article in answer.json["data"]]
