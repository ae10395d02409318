"""All SQL of the demo's loading. It fills other slices' tables in bulk, which no door of theirs ever does.

The rows come as JSON, whose fields are the columns' names; ids are reserved first, so that rows may point at each other.
"""

from openmedspa.demo.queries.access import (
    insert_access_requests,
    list_callers,
    update_key_dates,
    update_owner,
)
from openmedspa.demo.queries.deliveries import insert_removed_endpoint, list_signed
from openmedspa.demo.queries.loading import (
    find_card,
    find_installation,
    insert_endpoint,
    insert_patients,
    insert_visits,
    list_live_keys,
    list_reserved_ids,
    lock_installation,
    update_loaded,
    update_loading,
)
from openmedspa.demo.queries.partner_data import (
    insert_articles,
    insert_products,
    insert_prospects,
    insert_tags,
    insert_tickets,
    list_reserved_patient_ids,
)
from openmedspa.demo.queries.schedules import (
    insert_bookings,
    insert_offerings,
    insert_staff,
    list_reserved_booking_ids,
)

__all__ = [
    "find_card",
    "find_installation",
    "insert_access_requests",
    "insert_articles",
    "insert_bookings",
    "insert_endpoint",
    "insert_offerings",
    "insert_patients",
    "insert_products",
    "insert_prospects",
    "insert_removed_endpoint",
    "insert_staff",
    "insert_tags",
    "insert_tickets",
    "insert_visits",
    "list_callers",
    "list_live_keys",
    "list_reserved_booking_ids",
    "list_reserved_ids",
    "list_reserved_patient_ids",
    "list_signed",
    "lock_installation",
    "update_key_dates",
    "update_loaded",
    "update_loading",
    "update_owner",
]
