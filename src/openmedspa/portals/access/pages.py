"""Being written."""

from openmedspa.kit.http import Call
from openmedspa.kit.pages import View


async def show_form(call: Call[None]) -> View:
    """Being written."""
    raise NotImplementedError


async def ask(call: Call[None]) -> View:
    """Being written."""
    raise NotImplementedError


async def show_confirm(call: Call[None]) -> View:
    """Being written."""
    raise NotImplementedError


async def confirm(call: Call[None]) -> View:
    """Being written."""
    raise NotImplementedError


async def show_key(call: Call[None]) -> View:
    """Being written."""
    raise NotImplementedError


async def take_key(call: Call[None]) -> View:
    """Being written."""
    raise NotImplementedError


async def show_decision(call: Call[None]) -> View:
    """Being written."""
    raise NotImplementedError


async def decide(call: Call[None]) -> View:
    """Being written."""
    raise NotImplementedError
