"""`openmedspa config`: every setting, its value, and where that came from. Shows no secret."""

import re
from typing import Any
from urllib.parse import urlsplit

from cyclopts import App

from openmedspa.cli.flags import DataDir, Json, Port
from openmedspa.cli.tables import show as show_table
from openmedspa.cli.talk import say

app = App(name="config", help="Every setting, and where its value comes from.", version_flags=())
HIDDEN = "********"
URLS = {"database_url": {"postgresql", "postgres"}, "smtp_url": {"smtp", "smtps"}}  # shown without their passwords
COLUMNS = {"setting": "SETTING", "value": "VALUE", "from": "FROM"}


@app.command
def show(*, port: Port = None, data_dir: DataDir = None, as_json: Json = False) -> None:
    """Every setting as a command with these flags would have it: flag, then environment, then default."""
    from openmedspa.cli.start_card import find_note
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
    if settings.is_embedded and find_note(settings.data_dir):
        say(f"The database in {settings.data_dir} is a demo's: commands take it for staging, whatever stands above.")


def _shown(field: str, value: object) -> object:
    from openmedspa.settings import SECRETS

    if value == "":
        return None
    if field in URLS:
        return _without_secrets(str(value), URLS[field])
    if field in SECRETS:
        return HIDDEN
    return value if isinstance(value, bool | int) else str(value)


def _without_secrets(url: str, schemes: set[str]) -> str:
    """Scheme, host, port and path, put together anew. Nothing at all of a URL in which a password may have strayed:
    an unquoted / or ? in it moves what follows into the path."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return HIDDEN
    is_plain = (
        parts.scheme in schemes
        and re.fullmatch(r"[\w.:-]*", host)
        and re.fullmatch(r"(/[\w.-]*)?", parts.path)
        and not parts.fragment
        and "@" not in parts.query
    )
    if not is_plain or not url.startswith(f"{parts.scheme}://"):
        return HIDDEN
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}{f':{port}' if port is not None else ''}{parts.path}"
