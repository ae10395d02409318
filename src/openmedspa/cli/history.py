"""`openmedspa history`: what changed about a thing, who did it and when. Asks the slice, prints the answer.

A kind is a command: how its slice tells the changes, each with `at`, `actor`, `field`, `before` and `after`.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cyclopts import App

from openmedspa.cli.flags import DataDir, Json
from openmedspa.cli.tables import show
from openmedspa.cli.talk import visible
from openmedspa.kit.errors import Stopped

if TYPE_CHECKING:
    from openmedspa.kit.db import Tx

app = App(name="history", help="What changed about a thing, who did it and when.", version_flags=())
COLUMNS = {"at": "WHEN", "actor": "WHO", "field": "FIELD", "before": "BEFORE", "after": "AFTER"}
LARGEST_ID = 2**63 - 1


@app.command
async def prospect(prospect_id: int, /, *, as_json: Json = False, data_dir: DataDir = None) -> None:
    """A person, field by field, the oldest change first; looking is recorded too."""
    from openmedspa.patients import history

    await _show(
        "person", prospect_id, history.list_, as_json=as_json, data_dir=data_dir,
        nothing="Nothing has changed since an order or the demo brought them.",
    )  # fmt: skip


@app.command
async def ticket(ticket_id: int, /, *, as_json: Json = False, data_dir: DataDir = None) -> None:
    """A ticket's steps and comments, the oldest first; looking is recorded too."""
    from openmedspa.tickets import history

    await _show("ticket", ticket_id, history.list_, as_json=as_json, data_dir=data_dir, nothing="Nothing happened yet.")


@app.command
async def visit(visit_id: int, /, *, as_json: Json = False, data_dir: DataDir = None) -> None:
    """A visit of a schedule: how it stood, when and with whom, the oldest first; looking is recorded too."""
    from openmedspa.scheduling import history

    await _show("visit", visit_id, history.list_, as_json=as_json, data_dir=data_dir, nothing="Nothing happened yet.")


@app.command
async def article(article_id: int, /, *, as_json: Json = False, data_dir: DataDir = None) -> None:
    """What an article of the knowledge base said, field by field, the oldest version first."""
    from openmedspa.knowledge import history

    await _show("article", article_id, history.list_, as_json=as_json, data_dir=data_dir, nothing="It says nothing.")


async def _show(
    kind: str,
    thing_id: int,
    list_: Callable[..., Awaitable[Sequence[Any]]],
    *,
    as_json: bool,
    data_dir: Path | None,
    nothing: str,
) -> None:
    from openmedspa.cli.database import open_desk

    if not 0 < thing_id <= LARGEST_ID:
        raise Stopped(f"There is no {kind} {thing_id}.", exit_code=3)
    async with open_desk(data_dir) as desk:

        async def work(tx: "Tx") -> Sequence[Any]:
            return await list_(tx, thing_id, actor=desk.actor, now=desk.now)

        changes = await desk.write(work)
    rows = [{column: _cell(getattr(change, column), as_json) for column in COLUMNS} for change in changes]
    show(rows, COLUMNS, as_json=as_json, nothing=nothing)


def _cell(value: object, as_json: bool) -> object:
    """A partner's text may hold anything: on a terminal it does nothing but stand there."""
    return value if as_json or value is None or isinstance(value, datetime) else visible(str(value))
