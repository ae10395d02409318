"""Once means once: an `Idempotency-Key` is kept in the transaction of its effect. Knows no effect."""

from collections.abc import Awaitable, Callable

from asyncpg import LockNotAvailableError

from openmedspa.kit.db import Tx
from openmedspa.kit.errors import Conflict
from openmedspa.partners import queries
from openmedspa.partners.keys import Grant


async def once(tx: Tx, grant: Grant, *, key: str, request_hash: bytes, work: Callable[[], Awaitable[bytes]]) -> bytes:
    """The answer of the first request with this key and body, whoever of us is that.

    1. Insert the key. A twin that runs at this moment makes us wait on the unique index until it has committed
       (then the row is there: replay) or rolled back (then the row is ours: do the work).
    2. Do the work and keep its answer, in the same transaction. A refusal rolls both back: nothing happened, and the
       next try is judged anew.
    """
    try:
        kept = await queries.claim_idempotency_key(tx, grant.partner_id, key, request_hash=request_hash)
    except LockNotAvailableError:  # lock_timeout, a few seconds
        raise Conflict(
            "A request with this Idempotency-Key is still running",
            "Try again in a moment with the same Idempotency-Key to get its answer",
            code="idempotency_running",
            headers={"Retry-After": "1"},
        ) from None
    if kept is None:
        answer = await work()
        await queries.update_idempotency_answer(tx, grant.partner_id, key, answer=answer)
        return answer
    if kept["request_hash"] != request_hash:
        raise Conflict(
            "Idempotency-Key was used for another request",
            "This Idempotency-Key came before with another method, path or body; use a new key for a new request",
            code="idempotency_mismatch",
        )
    return bytes(kept["answer"])
