"""The exam API's table of contents: every chapter in the contract's order; `CONTRACT` is all of their checks."""

from openmedspa.verify.checks import Check
from openmedspa.verify.contract import (
    authentication,
    cancelling,
    deliveries,
    errors,
    fields_at_home,
    fields_in_person,
    idempotency,
    intake,
    listing,
    matching,
    orders_at_home,
    orders_in_person,
    showing,
    staging,
    subscriptions,
    treatments,
    webhooks,
)

CHAPTERS = [
    authentication.chapter,
    errors.chapter,
    orders_at_home.chapter,
    fields_at_home.chapter,
    orders_in_person.chapter,
    fields_in_person.chapter,
    intake.chapter,
    cancelling.chapter,
    showing.chapter,
    listing.chapter,
    treatments.chapter,
    subscriptions.chapter,
    webhooks.chapter,
    deliveries.chapter,
    matching.chapter,
    idempotency.chapter,
    staging.chapter,
]
CONTRACT: list[Check] = [check for chapter in CHAPTERS for check in chapter.checks]
