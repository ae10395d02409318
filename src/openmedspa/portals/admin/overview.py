"""Being written."""

from openmedspa.accounts.shapes import Operator
from openmedspa.kit.http import Call
from openmedspa.kit.pages import View


async def show(call: Call[Operator]) -> View:
    """Being written."""
    raise NotImplementedError
