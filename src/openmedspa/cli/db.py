"""`openmedspa db`: the database and its migrations. Prints what the kit and the installation say."""

from typing import Annotated, Literal

from cyclopts import App, Parameter

from openmedspa.cli.flags import DataDir, Json
from openmedspa.cli.tables import show_json
from openmedspa.cli.talk import data, say

app = App(name="db", help="The database and its migrations.", version_flags=())
FOUND_SOMETHING = 6


@app.command
async def upgrade(
    *,
    environment: Annotated[
        Literal["production", "staging"] | None,
        Parameter(help="What a new database is for; production unless OPENMEDSPA_ENVIRONMENT says otherwise."),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Bring the database to this version. A new one is marked as production or staging for good."""
    from msgspec.structs import replace

    from openmedspa import installation
    from openmedspa.cli.database import attached
    from openmedspa.settings import Settings

    with attached(Settings.read(data_dir=data_dir, environment=environment), makes=True) as found:
        settings = found
        mark = await installation.find_mark(settings)
        if mark and environment is None and "environment" not in Settings.origins():
            settings = replace(settings, environment=mark.environment, demo=mark.is_demo)
        applied = await installation.upgrade(settings)
    for name in applied:
        data(name)
    say(f"{len(applied)} migrations applied." if applied else "Nothing to do: the database is of this version.")


@app.command
async def status(*, as_json: Json = False, data_dir: DataDir = None) -> int:
    """What the database is and which migrations wait; exit code 6 when some do."""
    from openmedspa import installation
    from openmedspa.cli.database import attached
    from openmedspa.kit import migrate
    from openmedspa.settings import Settings

    found = Settings.read(data_dir=data_dir)
    with attached(found) as settings:
        mark = await installation.find_mark(settings)
        connection = await installation.connect(settings)
        try:
            waiting = [migration.name for migration in await migrate.pending(connection)]
            version = await connection.fetchval("show server_version")
        finally:
            await connection.close()
    answer = {
        "database": str(found.data_dir.resolve()) if found.is_embedded else "DATABASE_URL",
        "postgresql": version,
        "environment": mark.environment if mark else None,
        "demo": mark.is_demo if mark else False,
        "pending": waiting,
    }
    if as_json:
        show_json(answer)
    else:
        for name, value in answer.items():
            data(f"{name}\t{_shown(value)}")
    return FOUND_SOMETHING if waiting else 0


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "nothing"
    return {"True": "yes", "False": "no", "None": "–"}.get(str(value), str(value))
