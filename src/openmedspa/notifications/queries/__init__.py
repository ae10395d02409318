"""All SQL of the slice, a file per noun; the slice says `queries.claim_messages` and need not know which."""

from openmedspa.notifications.queries.answers import (
    delete_stop,
    insert_stop,
    update_bounced,
    update_bounced_text,
)
from openmedspa.notifications.queries.outbox import (
    count_troubled,
    find_message,
    find_oldest_due,
    is_anything_due,
    list_messages,
    list_page,
    list_tries,
    update_sent_again,
)
from openmedspa.notifications.queries.sending import (
    claim_into_outbox,
    claim_messages,
    insert_access_message,
    insert_owner_message,
    insert_try,
    replace_messages,
    update_handed_over,
    update_leases,
    update_released,
)

__all__ = [
    "claim_into_outbox",
    "claim_messages",
    "count_troubled",
    "delete_stop",
    "find_message",
    "find_oldest_due",
    "insert_access_message",
    "insert_owner_message",
    "insert_stop",
    "insert_try",
    "is_anything_due",
    "list_messages",
    "list_page",
    "list_tries",
    "replace_messages",
    "update_bounced",
    "update_bounced_text",
    "update_handed_over",
    "update_leases",
    "update_released",
    "update_sent_again",
]
