"""The flags that several commands share, each worded once."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

DataDir = Annotated[
    Path | None,
    Parameter(name="--data-dir", help="Folder of the embedded database, for when DATABASE_URL is unset.", show_default=False),
]
Json = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.", show_default=False)]
Yes = Annotated[bool, Parameter(name="--yes", negative="", help="Do not ask.", show_default=False)]
DryRun = Annotated[
    bool, Parameter(name="--dry-run", negative="", help="Say what would change, and change nothing.", show_default=False)
]
Port = Annotated[int | None, Parameter(name="--port", help="Port of the server; 8000 unless set.", show_default=False)]
