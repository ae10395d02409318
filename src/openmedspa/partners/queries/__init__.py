"""All SQL of the slice, a file per noun: partners serve many practices, so these tables have no tenants."""

from openmedspa.partners.queries.companies import (
    find_partner,
    find_profile,
    insert_partner,
    list_partners,
    update_contact,
    update_profile,
)
from openmedspa.partners.queries.grants import (
    delete_grant,
    find_asked_for,
    find_grant,
    find_grant_by_id,
    find_location_practice,
    find_token_grant,
    insert_grant,
)
from openmedspa.partners.queries.idempotency import (
    claim_idempotency_key,
    delete_old_idempotency_keys,
    update_idempotency_answer,
)
from openmedspa.partners.queries.keys import (
    insert_key,
    list_keys,
    list_own_keys,
    update_key_limits,
    update_key_revoked,
    update_keys_used,
)
from openmedspa.partners.queries.sandbox import (
    delete_since_set_up,
    update_clock,
    update_known,
)
from openmedspa.partners.queries.token_keys import (
    delete_old_token_keys,
    delete_token_keys,
    insert_first_token_key,
    insert_token_key,
    list_token_keys,
    update_token_keys_retired,
)

__all__ = [
    "claim_idempotency_key",
    "delete_grant",
    "delete_old_idempotency_keys",
    "delete_old_token_keys",
    "delete_since_set_up",
    "delete_token_keys",
    "find_asked_for",
    "find_grant",
    "find_grant_by_id",
    "find_location_practice",
    "find_partner",
    "find_profile",
    "find_token_grant",
    "insert_first_token_key",
    "insert_grant",
    "insert_key",
    "insert_partner",
    "insert_token_key",
    "list_keys",
    "list_own_keys",
    "list_partners",
    "list_token_keys",
    "update_clock",
    "update_contact",
    "update_idempotency_answer",
    "update_key_limits",
    "update_key_revoked",
    "update_keys_used",
    "update_known",
    "update_profile",
    "update_token_keys_retired",
]
