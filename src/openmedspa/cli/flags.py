"""The flags that several commands share, each worded once."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def switch(help_: str, *, name: str | None = None) -> Parameter:
    """A flag without a value, and without a --no-… twin."""
    return Parameter(name=name, negative="", help=help_, show_default=False)


def repeated(help_: str) -> Parameter:
    """A flag that may be said several times."""
    return Parameter(negative="", help=help_, show_default=False)


DataDir = Annotated[
    Path | None, Parameter(name="--data-dir", help="Folder of the embedded database; unused under DATABASE_URL.")
]
Port = Annotated[int | None, Parameter(name="--port", help="Port of the server; 8000 unless set.")]
Json = Annotated[bool, switch("Print JSON.", name="--json")]
Yes = Annotated[bool, switch("Do not ask.", name="--yes")]
DryRun = Annotated[bool, switch("Say what would change, and change nothing.", name="--dry-run")]
