"""Loads what operators find in the demo: keys in every state, requests in every state, thirty days of calls."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from openmedspa.demo import calls, constants, queries
from openmedspa.demo.calls import BOOKINGS, DESK, SUPPLIER, Name
from openmedspa.kit.db import Tx
from openmedspa.kit.http import Caller
from openmedspa.partners import keys
from openmedspa.partners import queries as partners
from openmedspa.usage import queries as usage

SUPPLIES = ["ProductPro.Products", "KB"]
OWNER, OWNER_ADDRESS = "Odile Marrowby", "odile.marrowby@example.com"
GAP = 37  # calls of the bad hour that were not written down
BY_SECRET = "admin-secret"  # noqa: S105 who decided, as the audit trail names them


class Spare(Struct, frozen=True, kw_only=True):
    """A key that nobody has: it was made, its digest kept, and the key forgotten. Days are counted from now."""

    name: str
    partner: str
    scopes: Sequence[str]
    made: float
    ends: float | None = None
    revoked: float | None = None
    replaces: str | None = None
    per_second: int = keys.PER_SECOND
    burst: int = keys.BURST


DESK_SCOPES, BOOKING_SCOPES = ["Prospects", "Patients", "Visits", "Providers", "Tickets"], ["Providers", "Visits"]
SPARES = [
    Spare(name="front desk", partner=DESK, scopes=DESK_SCOPES, made=-212, ends=4),
    Spare(name="front desk, rotated", partner=DESK, scopes=DESK_SCOPES, made=-2.1, replaces="front desk"),
    Spare(name="tablet in the lobby", partner=DESK, scopes=BOOKING_SCOPES, made=-95, revoked=-12),
    Spare(name="spring campaign", partner=BOOKINGS, scopes=BOOKING_SCOPES, made=-96, ends=-6),
    Spare(name="waiting list", partner=BOOKINGS, scopes=BOOKING_SCOPES, made=-40, per_second=5, burst=50),
    Spare(name="catalogue", partner=SUPPLIER, scopes=SUPPLIES, made=-31),
    Spare(name="trial", partner=SUPPLIER, scopes=["KB"], made=-24, ends=6),
]
KNOWN_MADE = -240  # days: partners, and the keys that everybody knows


async def load(tx: Tx, practice_id: int, *, seed: int, now: datetime) -> None:
    """After everything else: what is there already is given a past. The practice is the demo's own."""
    supplier_id = (await partners.insert_partner(tx, SUPPLIER))["id"]
    await partners.insert_grant(tx, supplier_id, constants.LOCATION)
    await _load_spares(tx, now)
    found = await queries.list_callers(tx)
    callers: dict[Name, Caller] = {
        (row["partner"], row["key"]): (row["practice_id"], row["partner_id"], row["key_id"]) for row in found
    }
    await _date(tx, callers, now)
    await queries.update_owner(tx, practice_id, name=OWNER, email=OWNER_ADDRESS)
    requests = _requests(practice_id, callers[calls.CATALOGUE], now)
    await queries.insert_access_requests(tx, msgspec.json.encode(requests).decode())
    told = calls.tell(callers, seed=seed, now=now)
    await usage.insert_calls(tx, told)
    await usage.insert_gap(tx, calls.bad_hour(now) + timedelta(minutes=41), GAP)
    await partners.update_keys_used(tx, calls.last_uses(told))


async def _load_spares(tx: Tx, now: datetime) -> None:
    for spare in SPARES:
        partner, key = await partners.find_partner(tx, spare.partner), keys.new("staging")
        assert partner is not None
        await partners.insert_key(
            tx, partner["id"], name=spare.name, key_sha256=keys.digest(key), prefix=key[:12], last_four=key[-4:],
            scopes=spare.scopes, location_ids=None, expires_at=_in_days(spare.ends, now),
            per_second=spare.per_second, burst=spare.burst,
        )  # fmt: skip


async def _date(tx: Tx, callers: Mapping[Name, Caller], now: datetime) -> None:
    """When each key was made, revoked or put in another's place."""
    spares = {(spare.partner, spare.name): spare for spare in SPARES}
    dated: list[dict[str, Any]] = []
    for name, (_practice_id, _partner_id, key_id) in callers.items():
        spare = spares.get(name)
        replaced = callers[spare.partner, spare.replaces][2] if spare and spare.replaces else None
        dated.append({
            "id": key_id, "created_at": _in_days(spare.made if spare else KNOWN_MADE, now),
            "revoked_at": _in_days(spare.revoked if spare else None, now), "replaces": replaced,
        })  # fmt: skip
    await queries.update_key_dates(tx, msgspec.json.encode(dated).decode(), partners_since=_in_days(KNOWN_MADE, now))


def _requests(practice_id: int, supplier: Caller, now: datetime) -> list[dict[str, Any]]:
    """One key was taken, one was denied, one waits for the practice's owner, one is new, one unconfirmed."""

    def asked(days: float, company: str, contact: str, scopes: Sequence[str], purpose: str, **more: Any) -> Any:
        email = f"{contact.lower().replace(' ', '.')}@example.com"
        return {
            "created_at": _in_days(days, now), "company": company, "practice": constants.DEMO_OFFICE.name,
            "contact": contact, "email": email, "scopes": scopes, "purpose": purpose, "address": "192.0.2.201", **more,
        }  # fmt: skip

    approved = {"practice_id": practice_id, "approved_by": BY_SECRET}
    return [
        asked(
            -27, SUPPLIER, "Tobias Idowu", SUPPLIES, "We keep the practice's price list up to date.", **approved,
            confirmed_at=_in_days(-26.98, now), approved_at=_in_days(-26.5, now), granted_scopes=SUPPLIES,
            location_ids=[constants.LOCATION], partner_id=supplier[1], key_id=supplier[2],
            key_shown_at=_in_days(-26.1, now),
        ),
        asked(
            -11, "Cheaper Leads Now", "Ramona Quill", ["Prospects", "Patients"], "Marketing.",
            practice="every practice in California", confirmed_at=_in_days(-10.99, now), denied_at=_in_days(-10.2, now),
            denied_by=BY_SECRET, reason="We give no access to people of practices that did not ask for you.",
        ),
        asked(
            -3, "Fernhollow Reminders", "Sabine Okafor", ["Visits", "Providers"],
            "We remind people of their visit the day before, by text.", **approved, confirmed_at=_in_days(-2.9, now),
            approved_at=_in_days(-2.2, now), granted_scopes=["Visits", "Providers"],
            location_ids=[constants.LOCATION, constants.SECOND_LOCATION], owner_email=OWNER_ADDRESS,
        ),
        asked(
            -0.4, "Windrush Phone Desk", "Luca Brightwater", ["Prospects", "Visits", "Tickets"],
            "Our agents answer the practice's phone after hours, look people up and book them.",
            confirmed_at=_in_days(-0.35, now),
        ),
        asked(-0.1, "Larkmead Analytics", "Priya Wolcott", ["Visits"], "Figures on how full the week is."),
    ]  # fmt: skip


def _in_days(days: float | None, now: datetime) -> datetime | None:
    return None if days is None else now + timedelta(days=days)
