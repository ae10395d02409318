"""All SQL of the slice, a file per noun; the slice says `queries.find_visit` and need not know which."""

from openmedspa.exams.queries.orders import insert_order
from openmedspa.exams.queries.steps import (
    claim_deciding_visits,
    claim_lapsed_visits,
    insert_record,
    insert_step,
    update_link_generation,
)
from openmedspa.exams.queries.visits import (
    exists_anywhere,
    find_last_invitation,
    find_practice,
    find_visit,
    list_signed_versions,
    list_visits,
    lock_visit,
    stream_visits,
)

__all__ = [
    "claim_deciding_visits",
    "claim_lapsed_visits",
    "exists_anywhere",
    "find_last_invitation",
    "find_practice",
    "find_visit",
    "insert_order",
    "insert_record",
    "insert_step",
    "list_signed_versions",
    "list_visits",
    "lock_visit",
    "stream_visits",
    "update_link_generation",
]
