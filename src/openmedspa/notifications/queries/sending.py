"""SQL of the queue: put in, claimed, handed over, recorded."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec.structs import astuple

from openmedspa.kit.db import Database, Scope, Tx
from openmedspa.notifications.shapes import STOPPED, TOO_OLD, Message, Try

# An invitation is not sent to a visit that has ended meanwhile, and whose own notice says so.
ENDED = "'signed', 'link_expired', 'cancelled_by_client', 'cancelled_by_patient', 'cancelled_by_platform', 'ineligible'"
LOST = "handed over, and the worker ended before a word came back"
TWICE = "handed over twice without a word from the carrier: it may have arrived or not"

MESSAGE = """
m.practice_id, m.id, m.channel, m.notice, m.address, m.tries, m.doubted_at, coalesce(p.clock_offset, '0'),
v.gfe_id, v.link_generation, v.first_name, pr.name, pr.colour, pr.reply_to,
e.url, e.switched_off_at, e.failing_since, e.switched_off_because as endpoint_cause,
r.id as access_id, r.company, r.practice as asked_practice, r.contact, r.email as contact_email, r.scopes,
r.granted_scopes, r.other_scopes, r.approved_at, r.owner_agreed_at, r.reason, rp.name as granted_practice, rp.owner_name,
r.denied_by
"""
ABOUT = """
left join visits v on v.practice_id = m.practice_id and v.id = m.visit_id
left join endpoints e on e.id = m.endpoint_id
left join partners p on p.id = coalesce(v.partner_id, e.partner_id)
"""
WITH_ALL = f"""
{ABOUT}
left join practices pr on pr.id = m.practice_id
left join access_requests r on r.id = m.access_request_id
left join practices rp on rp.id = r.practice_id
"""
# A number without its country code is its owner's all the same.
IS_STOPPED = """
m.channel = 'sms' and exists (
  select from sms_stops s where s.phone in ('+' || ltrim(m.address, '+'), '+1' || ltrim(m.address, '+'))
)
"""
# Due by the account's own clock; the first bound is what the index is searched by. Chosen first and locked after, so
# that only what is taken is locked. `is_lost`: a worker that was given it never came back, after it was handed over.
DUE = f"""
with chosen as materialized (
  select m.practice_id, m.id, coalesce(p.clock_offset, '0') as clock_offset,
         coalesce(m.notice = 'invited' and v.step in ({ENDED}), false) as is_ended,
         {IS_STOPPED} as is_stopped,
         m.tries = 0 and m.handed_over_at is null and m.doubted_at is null
           and m.queued_at < $1::timestamptz + coalesce(p.clock_offset, '0') - interval '7 days' as is_old
  from messages m {ABOUT}
  where m.due_at <= $1::timestamptz + (select coalesce(max(clock_offset), '0') from partners)
    and m.due_at <= $1::timestamptz + coalesce(p.clock_offset, '0')
    and m.channel = $2 and (m.leased_until is null or m.leased_until <= $1)
  order by m.due_at limit $3
), due as (
  select m.practice_id, m.id, m.handed_over_at, chosen.clock_offset, is_stopped, is_ended or is_old as is_ended,
         is_old and not is_ended as is_too_old,
         m.handed_over_at is not null as is_lost, m.handed_over_at is not null and m.doubted_at is not null as is_over
  from chosen join messages m using (practice_id, id)
  where m.due_at is not null and (m.leased_until is null or m.leased_until <= $1)
  for update of m skip locked
), ended as (
  update messages m
  set due_at = null, lease = null, leased_until = null, handed_over_at = null, tries = m.tries + due.is_lost::int,
      doubted_at = case when due.is_lost then coalesce(m.doubted_at, $1) else m.doubted_at end,
      withdrawn_at = case when due.is_ended and not due.is_over then $1::timestamptz + due.clock_offset end,
      failed_at = case when due.is_stopped and not due.is_ended and not due.is_over
                       then $1::timestamptz + due.clock_offset end,
      cause = case when due.is_over then '{TWICE}' when due.is_too_old then '{TOO_OLD}'
                   when due.is_stopped then '{STOPPED}' else m.cause end
  from due
  where m.practice_id = due.practice_id and m.id = due.id and (due.is_ended or due.is_stopped or due.is_over)
), noted as (
  insert into message_tries (practice_id, message_id, at, duration_ms, outcome, cause)
  select practice_id, id, $1::timestamptz + clock_offset,
         greatest(0, extract(epoch from $1::timestamptz - handed_over_at) * 1000)::int, 'doubted', '{LOST}'
  from due where is_lost
)
"""


async def replace_messages(
    tx: Tx, scope: Scope, practice_id: int, visit_id: int, *, notice: str, now: datetime
) -> None:
    """What is still to be sent is withdrawn; what is over, one way or another, stays as it is."""
    await tx.row(
        """
        with withdrawn as (
          update messages set withdrawn_at = $5, due_at = null
          where practice_id = any($1) and practice_id = $2 and visit_id = $3 and due_at is not null
        )
        insert into messages (practice_id, visit_id, channel, notice, address, queued_at, due_at)
        select v.practice_id, v.id, contact.channel, $4, contact.address, $5, $5
        from visits v cross join lateral (values ('email', v.email), ('sms', v.phone)) as contact (channel, address)
        where v.practice_id = any($1) and v.practice_id = $2 and v.id = $3 and contact.address is not null
        """,
        scope, practice_id, visit_id, notice, now,
    )  # fmt: skip


async def insert_owner_message(
    tx: Tx, endpoint_id: int, *, notice: str, operator_email: str | None, now: datetime
) -> bool:
    """To the contact of the partner that owns the endpoint, or else to the operator; False when there is neither."""
    row = await tx.unscoped_row(
        """
        insert into messages (practice_id, endpoint_id, channel, notice, address, queued_at, due_at)
        select 0, e.id, 'email', $2, coalesce(p.contact_email, $3), $4, $4
        from endpoints e join partners p on p.id = e.partner_id
        where e.id = $1 and coalesce(p.contact_email, $3) is not null
        returning id
        """,
        endpoint_id, notice, operator_email, now,
    )  # fmt: skip
    return row is not None


async def insert_access_message(tx: Tx, request_id: int, *, notice: str, address: str, now: datetime) -> None:
    """About a request for access, to whoever is to know."""
    await tx.unscoped_row(
        """
        insert into messages (practice_id, access_request_id, channel, notice, address, queued_at, due_at)
        values (0, $1, 'email', $2, $3, $4, $4)
        """,
        request_id, notice, address, now,
    )  # fmt: skip


async def claim_messages(
    db: Database, *, now: datetime, channel: str, limit: int, lease: UUID, leased_until: datetime
) -> list[Message]:
    """Due messages, leased to us, with what rendering them takes. A lease that has run out is anybody's: what was
    handed over under it is in doubt, goes out once more, and is over the second time."""
    rows = await db.unscoped_rows(
        f"""
        {DUE}, claimed as (
          update messages m
          set lease = $4, leased_until = $5, handed_over_at = null, tries = m.tries + due.is_lost::int,
              doubted_at = case when due.is_lost then $1 else m.doubted_at end
          from due
          where m.practice_id = due.practice_id and m.id = due.id
            and not (due.is_ended or due.is_stopped or due.is_over)
          returning m.*
        )
        select {MESSAGE} from claimed m {WITH_ALL} order by m.due_at
        """,
        now, channel, limit, lease, leased_until,
    )  # fmt: skip
    return [Message(*row) for row in rows]


async def claim_into_outbox(db: Database, *, now: datetime, channel: str, limit: int) -> int:
    """Staging without a carrier: due messages are sent by being kept. One statement, for they may be many."""
    rows = await db.unscoped_rows(
        f"""
        {DUE}, kept as (
          update messages m
          set due_at = null, lease = null, leased_until = null, tries = m.tries + 1 + due.is_lost::int,
              sent_at = $1::timestamptz + due.clock_offset, sender = 'outbox', cause = null
          from due
          where m.practice_id = due.practice_id and m.id = due.id
            and not (due.is_ended or due.is_stopped or due.is_over)
          returning m.practice_id, m.id, m.sent_at
        )
        insert into message_tries (practice_id, message_id, at, duration_ms, outcome, cause)
        select practice_id, id, sent_at, 0, 'sent', 'kept in the outbox' from kept
        returning id
        """,
        now, channel, limit,
    )  # fmt: skip
    return len(rows)


async def update_handed_over(
    db: Database, practice_id: int, message_id: int, *, lease: UUID, reference: str | None, now: datetime
) -> bool:
    """The last look, immediately before the carrier gets the content: False means that it must not get it.

    A cancellation that commits before this finds nothing sent; one that comes after it was too late. A number that
    answered STOP meanwhile ends the message here.
    """
    row = await db.unscoped_row(
        f"""
        update messages m
        set handed_over_at = case when not stop.found then $4::timestamptz end,
            failed_at = case when stop.found then $4::timestamptz end,
            reference = coalesce($5, m.reference),
            cause = case when stop.found then '{STOPPED}' else m.cause end,
            due_at = case when not stop.found then m.due_at end
        from (select {IS_STOPPED} as found from messages m where m.practice_id = $1 and m.id = $2) stop
        where m.practice_id = $1 and m.id = $2 and m.lease = $3 and m.due_at is not null
        returning m.handed_over_at
        """,
        practice_id, message_id, lease, now, reference,
    )  # fmt: skip
    return row is not None and row["handed_over_at"] is not None


async def insert_try(db: Database, practice_id: int, message_id: int, *, lease: UUID, made: Try) -> bool:
    """Record one try, if the lease is still ours; False when another worker has taken the message over.

    Withdrawn or bounced meanwhile, it is not tried again. In doubt a second time it is over. A late word about one
    that was withdrawn while the carrier had it is kept all the same: it was sent.
    """
    row = await db.unscoped_row(
        f"""
        with held as (
          update messages
          set tries = tries + 1, lease = null, leased_until = null, sender = $8, reference = coalesce($9, reference),
              cause = case when failed_at is not null then cause when $6 = 'sent' then null
                           when $6 = 'doubted' and doubted_at is not null then '{TWICE}' else $7 end,
              handed_over_at = case when $6 = 'sent' then handed_over_at end,
              sent_at = case when $6 = 'sent' then $4::timestamptz end,
              doubted_at = case when $6 = 'doubted' then coalesce(doubted_at, $4::timestamptz) else doubted_at end,
              due_at = case when withdrawn_at is null and failed_at is null
                             and ($6 = 'failed' or ($6 = 'doubted' and doubted_at is null)) then $10::timestamptz end,
              failed_at = case when failed_at is null and ($6 = 'refused' or ($6 = 'failed' and $10::timestamptz is null))
                               then $4::timestamptz else failed_at end
          where practice_id = $1 and id = $2 and lease = $3
          returning practice_id, id
        )
        insert into message_tries (practice_id, message_id, at, duration_ms, outcome, cause)
        select practice_id, id, $4, $5, $6, $7 from held
        returning id
        """,
        practice_id, message_id, lease, *astuple(made),
    )  # fmt: skip
    return row is not None


async def update_leases(
    db: Database, practice_ids: Sequence[int], message_ids: Sequence[int], *, leases: Sequence[UUID], until: datetime
) -> None:
    """What is still being sent stays ours. Skips a row that a cancellation holds at this moment: no deadlock."""
    await db.unscoped_row(
        """
        with ours as (
          select m.practice_id, m.id
          from unnest($1::int[], $2::bigint[], $3::uuid[]) as held (practice_id, id, lease)
          join messages m on m.practice_id = held.practice_id and m.id = held.id and m.lease = held.lease
          for update of m skip locked
        )
        update messages m set leased_until = $4 from ours where m.practice_id = ours.practice_id and m.id = ours.id
        """,
        practice_ids, message_ids, leases, until,
    )  # fmt: skip


async def update_released(db: Database, leases: Sequence[UUID]) -> None:
    """What is still held under these leases is anybody's at once; what was handed over stays in doubt."""
    await db.unscoped_row(
        "update messages set lease = null, leased_until = null where due_at is not null and lease = any($1::uuid[])",
        leases,
    )
