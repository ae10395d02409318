"""Being written."""

from openmedspa.accounts.shapes import Member
from openmedspa.kit.http import Call
from openmedspa.kit.pages import View


async def export(call: Call[Member]) -> View:
    """Being written."""
    raise NotImplementedError
