"""All SQL of the slice, a file per noun; the slice says `queries.claim_deliveries` and need not know which."""

from openmedspa.webhooks.queries.deliveries import (
    claim_deliveries,
    delete_old_deliveries,
    insert_second_sending,
    insert_try,
    update_released,
)
from openmedspa.webhooks.queries.endpoints import (
    find_endpoint,
    insert_endpoint,
    list_endpoints,
    list_partner_endpoints,
    update_chaos,
    update_deleted,
    update_duplicate_used,
    update_failure_used,
    update_header_secret,
    update_signing_secret,
    update_switched_off,
    update_switched_on,
    upsert_endpoint,
)
from openmedspa.webhooks.queries.events import delete_old_events, find_event, insert_event, insert_subscription
from openmedspa.webhooks.queries.health import find_oldest_due, list_troubled_endpoints
from openmedspa.webhooks.queries.log import (
    list_deliveries,
    list_event_deliveries,
    list_own_deliveries,
    list_tries,
)
from openmedspa.webhooks.queries.replays import insert_missing_deliveries, update_replayed

__all__ = [
    "claim_deliveries",
    "delete_old_deliveries",
    "delete_old_events",
    "find_endpoint",
    "find_event",
    "find_oldest_due",
    "insert_endpoint",
    "insert_event",
    "insert_missing_deliveries",
    "insert_second_sending",
    "insert_subscription",
    "insert_try",
    "list_deliveries",
    "list_endpoints",
    "list_event_deliveries",
    "list_own_deliveries",
    "list_partner_endpoints",
    "list_tries",
    "list_troubled_endpoints",
    "update_chaos",
    "update_deleted",
    "update_duplicate_used",
    "update_failure_used",
    "update_header_secret",
    "update_released",
    "update_replayed",
    "update_signing_secret",
    "update_switched_off",
    "update_switched_on",
    "upsert_endpoint",
]
