"""/admin/activity: every call on both APIs, as operators see them. The pages themselves are those of portals/calls."""

from openmedspa.accounts.shapes import Operator
from openmedspa.kit.http import Call
from openmedspa.kit.pages import File, Live, View
from openmedspa.portals.calls import pages
from openmedspa.portals.entries import Operators

DESK = pages.Desk("/admin", Operators(is_live=True))


async def list_(call: Call[Operator]) -> View:
    """Calls, newest first, with filters down to a single one."""
    return await pages.list_(call, DESK)


async def export(call: Call[Operator]) -> File:
    """The same calls as CSV."""
    return await pages.export(call, DESK)


async def follow(call: Call[Operator]) -> Live:
    """New calls as they come."""
    return await pages.follow(call, DESK)


async def show(call: Call[Operator]) -> View:
    """Everything about one request."""
    return await pages.show(call, DESK)
