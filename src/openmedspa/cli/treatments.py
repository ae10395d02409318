"""`openmedspa treatments`: the catalogue. Reads the file, asks the slice, prints the answer."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from openmedspa.cli.flags import DataDir, DryRun, Json, switch
from openmedspa.cli.tables import show
from openmedspa.cli.talk import data, say, typable
from openmedspa.kit.errors import Stopped

app = App(name="treatments", help="The catalogue.", version_flags=())
COLUMNS = {"id": "ID", "name": "NAME", "class_": "CLASS", "aliases": "ALSO CALLED"}
LARGEST_FILE = 16 * 1024 * 1024


@app.command(name="import")
async def import_(
    file: Annotated[str | None, Parameter(help="A JSON file as the seed is one; - reads it from stdin.")] = None,
    /,
    *,
    seed: Annotated[bool, switch("Take the list that comes along: suggestions, reviewed by no clinician.")] = False,
    dry_run: DryRun = False,
    data_dir: DataDir = None,
) -> None:
    """Add treatments and update those with a known id. Nothing is removed."""
    if (file is None) == (not seed):
        raise Stopped("treatments import takes a FILE or --seed.", "openmedspa treatments import --seed", exit_code=2)
    from openmedspa.cli.database import open_desk
    from openmedspa.treatments import editions

    entries = editions.read(editions.seed() if file is None else _read(file))
    async with open_desk(data_dir, makes=True) as desk:
        if dry_run:
            change = await editions.compare(desk.db, entries)
        else:
            change = await desk.write(lambda tx: editions.take_over(tx, entries, actor=desk.actor, now=desk.now))
    for word, treatments in (("new", change.new), ("changed", change.changed)):
        for entry in treatments if dry_run else ():
            data(f"{word}\t{entry.id}\t{entry.name}")
    say(f"{'Would be: ' * dry_run}{len(change.new)} new, {len(change.changed)} changed, {change.same} as they were.")


@app.command(name="list")
async def list_(*, as_json: Json = False, data_dir: DataDir = None) -> None:
    """All treatments, in the order of the catalogue."""
    from openmedspa.cli.database import open_desk
    from openmedspa.treatments import queries

    async with open_desk(data_dir) as desk:
        entries = await queries.list_treatments(desk.db)
    rows = [{field: getattr(entry, field) for field in COLUMNS} for entry in entries]
    show(rows, COLUMNS, as_json=as_json, nothing=typable("No treatments yet: openmedspa treatments import --seed"))


def _read(file: str) -> bytes:
    try:
        with sys.stdin.buffer if file == "-" else Path(file).open("rb") as source:
            text = source.read(LARGEST_FILE + 1)
    except OSError as trouble:
        exit_code = 3 if isinstance(trouble, FileNotFoundError) else 1
        raise Stopped(f"{file}: {trouble.strerror}.", exit_code=exit_code) from None
    if len(text) > LARGEST_FILE:
        raise Stopped(f"{file} is larger than {LARGEST_FILE // 2**20} MiB.", exit_code=4)
    return text
