"""`openmedspa routes`: every URL of both APIs, from the tables that serve them. Asks no database."""

from typing import Annotated, Any, Literal

from cyclopts import Parameter

from openmedspa.cli.flags import Json
from openmedspa.cli.tables import show

COLUMNS = {"method": "METHOD", "path": "PATH", "scope": "SCOPE", "body": "BODY", "answer": "ANSWER", "status": "STATUS"}


def routes(
    *,
    environment: Annotated[
        Literal["production", "staging"] | None,
        Parameter(help="Staging has a few more; as the settings say unless given."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Every URL: method, path, the scope its key or token must have, body, answer and status."""
    from openmedspa.routes import exam
    from openmedspa.routes.partner import PARTNER_API
    from openmedspa.settings import Settings

    table = [*exam.routes(environment or Settings.read().environment), *PARTNER_API]
    show(map(_row, table), COLUMNS, as_json=as_json)


def _row(route: Any) -> dict[str, object]:
    return {
        "method": route.method,
        "path": route.path,
        "scope": getattr(route.access, "scope", None),
        "body": route.body.__name__ if route.body else None,
        "answer": getattr(route.answer, "__name__", str(route.answer)),
        "status": route.status,
    }
