"""/admin/usage.csv: how much both APIs were used."""

from openmedspa.accounts.shapes import Operator
from openmedspa.kit.http import Call
from openmedspa.kit.pages import Raw
from openmedspa.portals.calls import usage


async def export(call: Call[Operator]) -> Raw:
    """The period by day, of all calls."""
    return await usage.file(call.house.system, call.query, None, now=call.now)
