"""All SQL of the slice, a file per noun: the audit trail, calls as they are written and read, and their sums."""

from openmedspa.usage.queries.activity import (
    LOOKED_AT,
    find_call,
    find_end_of_look,
    find_top,
    list_calls,
    list_later,
    list_slowest,
)
from openmedspa.usage.queries.audit import (
    insert_audit,
    insert_reads,
)
from openmedspa.usage.queries.calls import (
    delete_call_hours,
    delete_calls,
    insert_calls,
    insert_gap,
)
from openmedspa.usage.queries.figures import (
    count_gaps,
    count_keys,
    find_first_day,
    find_key_limits,
    get_sums_ever,
    get_sums_of_days,
    get_sums_of_hours,
    list_days,
    list_hours,
    list_partner_names,
    list_routes_ever,
    list_routes_of_days,
    list_routes_of_hours,
)

__all__ = [
    "LOOKED_AT",
    "count_gaps",
    "count_keys",
    "delete_call_hours",
    "delete_calls",
    "find_call",
    "find_end_of_look",
    "find_first_day",
    "find_key_limits",
    "find_top",
    "get_sums_ever",
    "get_sums_of_days",
    "get_sums_of_hours",
    "insert_audit",
    "insert_calls",
    "insert_gap",
    "insert_reads",
    "list_calls",
    "list_days",
    "list_hours",
    "list_later",
    "list_partner_names",
    "list_routes_ever",
    "list_routes_of_days",
    "list_routes_of_hours",
    "list_slowest",
]
