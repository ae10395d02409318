"""`openmedspa config`: every setting, its value, and where that came from. Shows no secret."""

import re
from typing import Any

from cyclopts import App

from openmedspa.cli.flags import DataDir, Json, Port
from openmedspa.cli.tables import show as show_table

app = App(name="config", help="Every setting, and where its value comes from.", version_flags=())
COLUMNS = {"setting": "SETTING", "value": "VALUE", "from": "FROM"}


@app.command
def show(*, port: Port = None, data_dir: DataDir = None, as_json: Json = False) -> None:
    """Every setting as a command with these flags would have it: flag, then environment, then default."""
    from openmedspa.settings import BARE, PREFIX, Settings

    flags: dict[str, Any] = {"port": port, "data_dir": data_dir}
    settings, origins = Settings.read(**flags), Settings.origins()
    names = {field: name for name, field in BARE.items()}
    rows = [
        {
            "setting": names.get(field, PREFIX + field.upper()),
            "value": _shown(field, getattr(settings, field)),
            "from": "flag" if flags.get(field) is not None else origins.get(field, "default"),
        }
        for field in Settings.__struct_fields__
    ]
    show_table(rows, COLUMNS, as_json=as_json)


def _shown(field: str, value: object) -> object:
    if value == "":
        return None
    if field == "secret_key":
        return "********"
    if field == "database_url":
        # The password of user:password@host, or of a libpq-style parameter.
        return re.sub(r"((?<=:)[^:@/]+(?=@)|(?<=password=)[^&]+)", "********", str(value))
    return value if isinstance(value, bool | int) else str(value)
