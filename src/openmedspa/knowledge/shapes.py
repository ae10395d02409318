"""The wire of the knowledge base: an article, and what may be changed of it. No I/O."""

from datetime import datetime
from typing import Annotated, ClassVar

from msgspec import UNSET, Meta, Struct, UnsetType, field

from openmedspa.partners.wire import PageQuery, Pagination

MOST_CHARACTERS = 100_000  # of an article: well within what PostgreSQL's full-text search can index

Word = Annotated[str, Meta(max_length=100)]
TITLE, TAGS = "Insurance Verification Workflow", "insurance, verification"


class Wording(Struct, frozen=True, kw_only=True):
    """What an article says, as the database has it."""

    title: str
    article: str = ""
    category: str = ""
    type: str = ""
    tags: str = ""
    retired_at: datetime | None = None


class ArticleQuery(PageQuery, frozen=True, kw_only=True):
    search: Annotated[
        Annotated[str, Meta(max_length=200)] | None,
        Meta(description='Words as in a search engine: `verify insurance`, `"prior authorization"`, `botox -filler`.'),
    ] = None
    category: Annotated[Word | None, Meta(description="Exactly this category, without case.")] = None
    type: Annotated[Word | None, Meta(description="Exactly this type, without case.")] = None


class Article(Struct, frozen=True, rename="pascal", kw_only=True):
    """An article of the knowledge base."""

    id: Annotated[int, Meta(examples=[12])] = field(name="KBID")
    title: Annotated[str, Meta(examples=[TITLE])]
    article: Annotated[str, Meta(examples=["Step-by-step process..."])]
    category: Annotated[str, Meta(examples=["Billing"])]
    type: Annotated[str, Meta(examples=["HowTo"])]
    tags: Annotated[str, Meta(description="Comma, separated.", examples=[TAGS])]
    active: Annotated[bool, Meta(examples=[True])]


class OneArticle(Struct, frozen=True):
    data: Article


class ArticleList(Struct, frozen=True):
    data: list[Article]
    pagination: Pagination


class ArticleIn(Struct, frozen=True, forbid_unknown_fields=True, rename="pascal", kw_only=True):
    """What may be changed of an article; what is left out stays."""

    read_only: ClassVar = frozenset({"KBID"})

    title: Annotated[str, Meta(min_length=1, max_length=255, examples=[TITLE])] | UnsetType = UNSET
    article: Annotated[str, Meta(max_length=MOST_CHARACTERS)] | UnsetType = UNSET
    category: Word | UnsetType = UNSET
    type: Word | UnsetType = UNSET
    tags: Annotated[str, Meta(max_length=500)] | UnsetType = UNSET
    active: bool | UnsetType = UNSET
