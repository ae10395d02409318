"""`openmedspa agreements`: which exam groups examine for which practices. Asks the slice, prints the answer."""

from cyclopts import App

from openmedspa.cli.flags import DataDir, Json
from openmedspa.cli.tables import show
from openmedspa.cli.talk import data, say, typable

app = App(name="agreements", help="Which exam groups examine for which practices.", version_flags=())
COLUMNS = {"practice": "PRACTICE", "exam_group": "EXAM GROUP", "agreed_at": "AGREED", "ended_at": "ENDED"}


@app.command
async def add(practice: str, exam_group: str, /, *, data_dir: DataDir = None) -> None:
    """Let an exam group's providers examine a practice's patients."""
    from openmedspa.cli.database import open_desk
    from openmedspa.practices import agreements

    async with open_desk(data_dir) as desk:
        is_new = await desk.write(lambda tx: agreements.add(tx, practice, exam_group, actor=desk.actor, now=desk.now))
    data(f"{practice} and {exam_group} {'agreed' if is_new else 'had agreed already'}")
    say(typable(f"Next, who is free for whom: openmedspa slots --state CA --practice {practice}"))


@app.command
async def end(practice: str, exam_group: str, /, *, data_dir: DataDir = None) -> None:
    """End an agreement: nothing new is offered, and what is booked stays."""
    from openmedspa.cli.database import open_desk
    from openmedspa.practices import agreements

    async with open_desk(data_dir) as desk:
        is_ended = await desk.write(lambda tx: agreements.end(tx, practice, exam_group, actor=desk.actor, now=desk.now))
    data(f"{practice} and {exam_group} {'ended' if is_ended else 'had no agreement'}")


@app.command(name="list")
async def list_(*, as_json: Json = False, data_dir: DataDir = None) -> None:
    """All agreements, also those that ended."""
    from openmedspa.cli.database import open_desk
    from openmedspa.practices import queries

    async with open_desk(data_dir) as desk:
        rows = await queries.list_agreements(desk.db)
    nothing = typable("No agreements yet: openmedspa agreements add PRACTICE EXAM_GROUP")
    show(rows, COLUMNS, as_json=as_json, nothing=nothing)
