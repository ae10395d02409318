"""Being written."""

from openmedspa.accounts.shapes import Operator
from openmedspa.kit.http import Call
from openmedspa.kit.pages import View


async def list_(call: Call[Operator]) -> View:
    """Being written."""
    raise NotImplementedError


async def export(call: Call[Operator]) -> View:
    """Being written."""
    raise NotImplementedError


async def follow(call: Call[Operator]) -> View:
    """Being written."""
    raise NotImplementedError


async def show(call: Call[Operator]) -> View:
    """Being written."""
    raise NotImplementedError
