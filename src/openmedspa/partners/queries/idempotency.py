"""SQL on idempotency keys and the answers kept beside them."""

from openmedspa.kit.db import Reads, Row


async def claim_idempotency_key(db: Reads, partner_id: int, key: str, *, request_hash: bytes) -> Row | None:
    """None if the key is ours from now on; else the row of whoever had it before. Waits for a twin in flight."""
    mine = await db.unscoped_row(
        """
        insert into idempotency_keys (partner_id, key, request_hash) values ($1, $2, $3)
        on conflict (partner_id, key) do update
          set request_hash = excluded.request_hash, answer = null, created_at = now()
          where idempotency_keys.created_at < now() - interval '72 hours'
        returning key
        """,
        partner_id,
        key,
        request_hash,
    )
    if mine is not None:
        return None
    return await db.unscoped_row(
        "select request_hash, answer from idempotency_keys where partner_id = $1 and key = $2", partner_id, key
    )


async def update_idempotency_answer(db: Reads, partner_id: int, key: str, *, answer: bytes) -> None:
    await db.unscoped_row(
        "update idempotency_keys set answer = $3 where partner_id = $1 and key = $2", partner_id, key, answer
    )


async def delete_old_idempotency_keys(db: Reads) -> None:
    await db.unscoped_row("delete from idempotency_keys where created_at < now() - interval '72 hours'")
