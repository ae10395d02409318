"""/partner/usage.csv: how much a partner used both APIs."""

from openmedspa.accounts.shapes import Member
from openmedspa.kit.http import Call
from openmedspa.kit.pages import Raw
from openmedspa.portals.calls import usage


async def export(call: Call[Member]) -> Raw:
    """The period by day, of one's own calls."""
    return await usage.file(call.house.system, call.query, call.grant.partner_id, now=call.now)
