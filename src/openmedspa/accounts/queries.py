"""All SQL on accounts and sessions of pages. For the system role: nobody else reads these tables."""

from datetime import datetime

from openmedspa.kit.db import Reads, Row


async def insert_operator(
    db: Reads, *, email: str, name: str, role: str, password_argon2: str, totp_sealed: bytes, now: datetime
) -> Row:
    row = await db.unscoped_row(
        """
        insert into operators (email, name, role, password_argon2, totp_sealed, created_at)
        values ($1, $2, $3, $4, $5, $6) returning id, email, name, role, created_at
        """,
        email, name, role, password_argon2, totp_sealed, now,
    )  # fmt: skip
    assert row is not None
    return row


async def find_operator(db: Reads, email: str) -> Row | None:
    return await db.unscoped_row(
        """
        select id, email, name, role, password_argon2, totp_sealed, totp_step, disabled_at
        from operators where lower(email) = lower($1)
        """,
        email,
    )


async def list_operators(db: Reads) -> list[Row]:
    return await db.unscoped_rows(
        """
        select o.id, o.email, o.name, o.role, o.created_at, o.last_signed_in_at, o.disabled_at,
               (select count(*) from page_sessions s
                where s.operator_id = o.id and s.idle_at > now() and s.ends_at > now()) as sessions
        from operators o order by o.id
        """
    )


async def update_role(db: Reads, operator_id: int, role: str) -> None:
    await db.unscoped_row("update operators set role = $2 where id = $1", operator_id, role)


async def update_credentials(db: Reads, operator_id: int, *, password_argon2: str, totp_sealed: bytes) -> None:
    await db.unscoped_row(
        "update operators set password_argon2 = $2, totp_sealed = $3, totp_step = 0 where id = $1",
        operator_id, password_argon2, totp_sealed,
    )  # fmt: skip


async def update_disabled(db: Reads, operator_id: int, disabled_at: datetime | None) -> None:
    await db.unscoped_row("update operators set disabled_at = $2 where id = $1", operator_id, disabled_at)


async def update_signed_in(db: Reads, operator_id: int, *, step: int, now: datetime) -> bool:
    """False when another request used this code, or a later one, in the meantime; or the account was switched off."""
    row = await db.unscoped_row(
        """
        update operators set totp_step = $2, last_signed_in_at = $3
        where id = $1 and totp_step < $2 and disabled_at is null returning id
        """,
        operator_id, step, now,
    )  # fmt: skip
    return row is not None


async def find_secret_off(db: Reads) -> datetime | None:
    """Since when the admin secret counts no more."""
    row = await db.unscoped_row("select admin_secret_off_at from installation")
    moment: datetime | None = row["admin_secret_off_at"] if row else None
    return moment


async def update_secret_off(db: Reads, off_at: datetime | None) -> None:
    await db.unscoped_row("update installation set admin_secret_off_at = $1", off_at)
    await db.unscoped_row(
        "delete from page_sessions where secret_mark is not null and $1::timestamptz is not null", off_at
    )


async def insert_session(
    db: Reads, id_sha256: bytes, *, operator_id: int | None = None, key_id: int | None = None,
    secret_mark: str | None = None, idle_at: datetime, ends_at: datetime, address: str | None, now: datetime,
) -> None:  # fmt: skip
    await db.unscoped_row(
        """
        insert into page_sessions (id_sha256, operator_id, key_id, secret_mark, created_at, idle_at, ends_at, address)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        id_sha256, operator_id, key_id, secret_mark, now, idle_at, ends_at, address,
    )  # fmt: skip


async def find_operator_session(db: Reads, id_sha256: bytes, now: datetime) -> Row | None:
    """None once it is over, or the account was switched off; `secret_mark` without an account."""
    return await db.unscoped_row(
        """
        select s.operator_id, s.secret_mark, s.idle_at, s.ends_at, o.email, o.name, o.role
        from page_sessions s left join operators o on o.id = s.operator_id
        where s.id_sha256 = $1 and s.key_id is null and s.idle_at > $2 and s.ends_at > $2 and o.disabled_at is null
          and (s.operator_id is not null or (select admin_secret_off_at is null from installation))
        """,
        id_sha256, now,
    )  # fmt: skip


async def find_member_session(db: Reads, id_sha256: bytes, now: datetime) -> Row | None:
    """None once it is over; what its key may do is the partners' to say."""
    return await db.unscoped_row(
        """
        select s.key_id, s.idle_at, s.ends_at, k.name as key_name, p.name as partner
        from page_sessions s join api_keys k on k.id = s.key_id join partners p on p.id = k.partner_id
        where s.id_sha256 = $1 and s.idle_at > $2 and s.ends_at > $2
        """,
        id_sha256, now,
    )  # fmt: skip


async def update_session_idle(db: Reads, id_sha256: bytes, idle_at: datetime) -> None:
    await db.unscoped_row("update page_sessions set idle_at = $2 where id_sha256 = $1", id_sha256, idle_at)


async def delete_session(db: Reads, id_sha256: bytes) -> None:
    await db.unscoped_row("delete from page_sessions where id_sha256 = $1", id_sha256)


async def delete_operator_sessions(db: Reads, operator_id: int) -> int:
    return len(await db.unscoped_rows("delete from page_sessions where operator_id = $1 returning 1", operator_id))


async def delete_secret_sessions(db: Reads) -> int:
    return len(await db.unscoped_rows("delete from page_sessions where secret_mark is not null returning 1"))


async def delete_member_sessions(db: Reads, partner_id: int) -> int:
    """Of all of a partner's keys."""
    return len(
        await db.unscoped_rows(
            "delete from page_sessions s using api_keys k where k.id = s.key_id and k.partner_id = $1 returning 1",
            partner_id,
        )
    )


async def delete_ended_sessions(db: Reads) -> None:
    await db.unscoped_row("delete from page_sessions where ends_at <= now() or idle_at <= now()")
