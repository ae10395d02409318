"""/partner/activity: a partner's own calls, and nobody else's. The pages themselves are those of portals/calls."""

from openmedspa.accounts.shapes import Member
from openmedspa.kit.http import Call
from openmedspa.kit.pages import File, Live, View
from openmedspa.portals.calls import pages
from openmedspa.portals.entries import Members


def desk(who: Member) -> pages.Desk:
    """This partner's own."""
    return pages.Desk("/partner", Members(is_live=True), who.partner_id)


async def list_(call: Call[Member]) -> View:
    """One's own calls, newest first, with filters down to a single one."""
    return await pages.list_(call, desk(call.grant))


async def export(call: Call[Member]) -> File:
    """The same calls as CSV."""
    return await pages.export(call, desk(call.grant))


async def follow(call: Call[Member]) -> Live:
    """New calls as they come."""
    return await pages.follow(call, desk(call.grant))


async def show(call: Call[Member]) -> View:
    """Everything about one request of one's own."""
    return await pages.show(call, desk(call.grant))
