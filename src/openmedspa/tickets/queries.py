"""All SQL on tickets, their comments and their steps."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from openmedspa.kit.db import Reads, Row, Scope, Tx
from openmedspa.tickets.shapes import Note, Priority, Status

TICKET = """
t.id, t.subject, t.body, t.status, t.priority, t.created_at, t.updated_at,
(select coalesce(json_agg(json_build_object(
   'id', c.id, 'comment', c.comment, 'author', c.author, 'created_at', c.created_at) order by c.id), '[]')
 from ticket_comments c where c.practice_id = t.practice_id and c.ticket_id = t.id) as comments
"""


async def list_tickets(db: Reads, scope: Scope, *, limit: int, offset: int, most_counted: int) -> tuple[int, list[Row]]:
    """How many there are, counting no further than one beyond `most_counted`, and a page of them, the newest first.

    The page is picked before comments are read: those of the tickets that are passed over stay unread.
    """
    rows = await db.rows(
        f"""
        select c.counted, f.* from
          (select count(*) as counted
           from (select from tickets t where t.practice_id = any($1) limit $4::int + 1) x) c
        left join
          (select {TICKET}
           from (select t.practice_id, t.id from tickets t where t.practice_id = any($1)
                 order by t.id desc limit $2 offset $3) page
           join tickets t on t.practice_id = page.practice_id and t.id = page.id) f on true
        order by f.id desc
        """,
        scope,
        limit,
        offset,
        most_counted,
    )
    return _page(rows)


async def list_tickets_of_status(
    db: Reads, scope: Scope, status: Status, *, limit: int, offset: int, most_counted: int
) -> tuple[int, list[Row]]:
    """The same of those with this status."""
    rows = await db.rows(
        f"""
        select c.counted, f.* from
          (select count(*) as counted
           from (select from tickets t where t.practice_id = any($1) and t.status = $5 limit $4::int + 1) x) c
        left join
          (select {TICKET}
           from (select t.practice_id, t.id from tickets t where t.practice_id = any($1) and t.status = $5
                 order by t.id desc limit $2 offset $3) page
           join tickets t on t.practice_id = page.practice_id and t.id = page.id) f on true
        order by f.id desc
        """,
        scope,
        limit,
        offset,
        most_counted,
        status,
    )
    return _page(rows)


def _page(rows: list[Row]) -> tuple[int, list[Row]]:
    return rows[0]["counted"] if rows else 0, [row for row in rows if row["id"] is not None]


async def find_ticket(db: Reads, scope: Scope, ticket_id: int) -> Row | None:
    return await db.row(f"select {TICKET} from tickets t where t.practice_id = any($1) and t.id = $2", scope, ticket_id)


async def lock_ticket(tx: Tx, scope: Scope, ticket_id: int) -> Row | None:
    """The ticket as it is now; nobody else changes it before this transaction ends."""
    return await tx.row(
        """
        select t.practice_id, t.subject, t.body, t.status, t.priority
        from tickets t where t.practice_id = any($1) and t.id = $2
        for update
        """,
        scope,
        ticket_id,
    )


async def insert_ticket(
    tx: Tx, scope: Scope, practice_id: int, *, subject: str, body: str, status: Status, priority: Priority, actor: str,
    now: datetime,
) -> int:  # fmt: skip
    """A new one with its first step; its number."""
    row = await tx.row(
        """
        with made as (
          insert into tickets (practice_id, subject, body, status, priority, created_at, updated_at)
          select $2::int, $3, $4, $5, $6, $8::timestamptz, $8 where $2 = any($1::int[])
          returning practice_id, id, status
        ), stepped as (
          insert into ticket_steps (practice_id, ticket_id, status, actor, at)
          select practice_id, id, status, $7, $8 from made
        )
        select id from made
        """,
        scope,
        practice_id,
        subject,
        body,
        status,
        priority,
        actor,
        now,
    )
    assert row is not None
    return int(row["id"])


async def update_ticket(
    tx: Tx, scope: Scope, ticket_id: int, *, subject: str, body: str, status: Status, priority: Priority, actor: str,
    now: datetime,
) -> None:  # fmt: skip
    """Change it, and write a step if its status is another now. Call it with the ticket locked."""
    await tx.row(
        """
        with was as (
          select t.practice_id, t.id, t.status from tickets t where t.practice_id = any($1) and t.id = $2
        ), stepped as (
          insert into ticket_steps (practice_id, ticket_id, status, actor, at)
          select practice_id, id, $5, $7, $8::timestamptz from was where status <> $5
        )
        update tickets t set subject = $3, body = $4, status = $5, priority = $6, updated_at = $8
        from was where t.practice_id = was.practice_id and t.id = was.id
        """,
        scope,
        ticket_id,
        subject,
        body,
        status,
        priority,
        actor,
        now,
    )


async def insert_comment(
    tx: Tx, scope: Scope, ticket_id: int, *, comment: str, author: str, actor: str, now: datetime
) -> Note | None:
    """A comment on a ticket, which is thereby changed; None when there is no such ticket."""
    row = await tx.row(
        """
        with commented as (
          update tickets t set updated_at = $6 where t.practice_id = any($1) and t.id = $2
          returning t.practice_id, t.id
        )
        insert into ticket_comments (practice_id, ticket_id, comment, author, actor, created_at)
        select practice_id, id, $3, $4, $5, $6::timestamptz from commented
        returning id, comment, author, created_at
        """,
        scope,
        ticket_id,
        comment,
        author,
        actor,
        now,
    )
    return Note(row["id"], row["comment"], row["author"], row["created_at"]) if row else None


async def list_steps(db: Reads, scope: Scope, ticket_id: int) -> list[Row]:
    """Each status that it had, the oldest first."""
    return await db.rows(
        """
        select s.status, s.actor, s.at from ticket_steps s
        where s.practice_id = any($1) and s.ticket_id = $2 order by s.id
        """,
        scope,
        ticket_id,
    )


async def list_comments(db: Reads, scope: Scope, ticket_id: int) -> list[Row]:
    """All that was said, the oldest first, with whose key it was."""
    return await db.rows(
        """
        select c.id, c.comment, c.author, c.actor, c.created_at from ticket_comments c
        where c.practice_id = any($1) and c.ticket_id = $2 order by c.id
        """,
        scope,
        ticket_id,
    )


async def find_practice_across_practices(db: Reads, ticket_id: int) -> int | None:
    """Whose ticket it is; for the system role, which sees all."""
    row = await db.unscoped_row("select practice_id from tickets where id = $1", ticket_id)
    return row["practice_id"] if row else None


async def lock_tickets_of_references(tx: Tx, scope: Scope, references: Sequence[str]) -> list[Row]:
    """Those that imports brought under these names; nobody else changes them before this transaction ends."""
    return await tx.rows(
        """
        select t.id, t.reference, t.subject, t.body, t.status, t.priority
        from tickets t where t.practice_id = any($1) and t.reference = any($2::text[])
        order by t.id
        for update
        """,
        scope,
        references,
    )


async def write_tickets(
    tx: Tx, scope: Scope, practice_id: int, *, new: Sequence[Mapping[str, Any]], changes: Sequence[Mapping[str, Any]],
    actor: str, now: datetime,
) -> int:  # fmt: skip
    """New tickets and all of known ones that are locked, with a step for each status; how many are new now."""
    row = await tx.row(
        """
        with made as (
          insert into tickets (practice_id, subject, body, status, priority, reference, created_at, updated_at)
          select $2::int, g.subject, coalesce(g.body, ''), coalesce(g.status, 'Open'), coalesce(g.priority, 'Normal'),
                 g.reference, $6::timestamptz, $6
          from jsonb_to_recordset($3::jsonb) g (subject text, body text, status text, priority text, reference text)
          where $2 = any($1::int[])
          on conflict (practice_id, reference) do nothing
          returning id, status
        ), wanted as materialized (
          select w.*, t.status as was
          from jsonb_to_recordset($4::jsonb) w (id bigint, subject text, body text, status text, priority text)
          join tickets t on t.practice_id = any($1) and t.practice_id = $2 and t.id = w.id
        ), changed as (
          update tickets t
          set subject = w.subject, body = w.body, status = w.status, priority = w.priority, updated_at = $6
          from wanted w where t.practice_id = any($1) and t.practice_id = $2 and t.id = w.id
        ), stepped as (
          insert into ticket_steps (practice_id, ticket_id, status, actor, at)
          select $2, id, status, $5, $6 from made
          union all
          select $2, id, status, $5, $6 from wanted where status <> was
        )
        select count(*) as made from made
        """,
        scope,
        practice_id,
        json.dumps(new),
        json.dumps(changes),
        actor,
        now,
    )
    assert row is not None
    return int(row["made"])
