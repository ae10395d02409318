"""`openmedspa config`: every setting, its value, and where that came from. Shows no secret."""

import re
from typing import Any
from urllib.parse import urlsplit

from cyclopts import App

from openmedspa.cli.flags import DataDir, Json, Port
from openmedspa.cli.tables import show as show_table

app = App(name="config", help="Every setting, and where its value comes from.", version_flags=())
HIDDEN = "********"
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
        return HIDDEN
    if field == "database_url":
        return _without_secrets(str(value))
    return value if isinstance(value, bool | int) else str(value)


def _without_secrets(url: str) -> str:
    """Scheme, host, port and database, put together anew. Nothing at all of a URL in which a password may have strayed:
    an unquoted / or ? in it moves what follows into the path."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return HIDDEN
    is_plain = (
        parts.scheme in {"postgresql", "postgres"}
        and re.fullmatch(r"[\w.:-]*", host)
        and re.fullmatch(r"(/[\w.-]*)?", parts.path)
        and not parts.fragment
        and "@" not in parts.query
    )
    if not is_plain or not url.startswith(f"{parts.scheme}://"):
        return HIDDEN
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}{f':{port}' if port is not None else ''}{parts.path}"
