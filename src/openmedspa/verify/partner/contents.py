"""The partner API's table of contents: every chapter in the contract's order; `CONTRACT` is all of their checks."""

from openmedspa.verify.checks import Check
from openmedspa.verify.partner import (
    availability,
    booking,
    fields,
    holds,
    isolation,
    knowledge,
    limits,
    me,
    products,
    prospects,
    refusals,
    scopes,
    search,
    tags,
    tickets,
    tokens,
)

CHAPTERS = [
    tokens.chapter,
    scopes.chapter,
    refusals.chapter,
    limits.chapter,
    prospects.chapter,
    fields.chapter,
    search.chapter,
    tags.chapter,
    availability.chapter,
    booking.chapter,
    holds.chapter,
    products.chapter,
    knowledge.chapter,
    tickets.chapter,
    me.chapter,
    isolation.chapter,
]
CONTRACT: list[Check] = [check for chapter in CHAPTERS for check in chapter.checks]
