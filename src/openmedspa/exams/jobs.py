"""Background doors on visits: claim, call the rule, commit. No rules of their own."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from openmedspa.exams import queries, sandbox, visits
from openmedspa.exams.visit import Visit
from openmedspa.kit.db import Row, Tx
from openmedspa.kit.errors import Refused
from openmedspa.kit.failures import log_failure
from openmedspa.kit.house import House
from openmedspa.treatments import catalogue

AT_ONCE = 100


async def decide_for_themselves(house: House) -> int:
    """Staging: decide the visits whose patients do so by their last name; how many that were."""
    entries = await catalogue.get(house.system)

    async def decide(tx: Tx, visit: Visit, now: datetime) -> None:
        try:
            await sandbox.decide_for_themselves(tx, visit, entries, now=now)
        except Refused as refused:  # a treatment that left the catalogue, say: the others go on
            log_failure(refused, f"visit {visit.id}")

    return await _each(house, lambda tx: queries.claim_deciding_visits(tx, house.now(), limit=AT_ONCE), decide)


async def lapse(house: House) -> int:
    """Invitations older than they live become `Not Completed`, batch by batch; how many that were."""
    before = house.now() - visits.INVITATION_LIVES

    async def lapse_one(tx: Tx, visit: Visit, now: datetime) -> None:
        await visits.lapse(tx, visit, now=now)

    lapsed = 0
    while batch := await _each(house, lambda tx: queries.claim_lapsed_visits(tx, before, limit=AT_ONCE), lapse_one):
        lapsed += batch
    return lapsed


async def _each(
    house: House, claim: Callable[[Tx], Awaitable[list[Row]]], work: Callable[[Tx, Visit, datetime], Awaitable[None]]
) -> int:
    """Claim and work in one transaction: there is no network in it, so a lease is not needed.

    The moment given to `work` is the one on the clock of the visit's account.
    """

    async def run(tx: Tx) -> int:
        rows = await claim(tx)
        for row in rows:
            visit = await queries.lock_visit(tx, [row["practice_id"]], row["gfe_id"])
            assert visit is not None
            await work(tx, visit, house.now() + row["clock_offset"])
        return len(rows)

    return await house.system.write([], run)
