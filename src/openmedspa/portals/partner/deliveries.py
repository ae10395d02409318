"""Being written."""

from openmedspa.accounts.shapes import Member
from openmedspa.kit.http import Call
from openmedspa.kit.pages import View


async def list_(call: Call[Member]) -> View:
    """Being written."""
    raise NotImplementedError


async def export(call: Call[Member]) -> View:
    """Being written."""
    raise NotImplementedError


async def show(call: Call[Member]) -> View:
    """Being written."""
    raise NotImplementedError


async def replay(call: Call[Member]) -> View:
    """Being written."""
    raise NotImplementedError
