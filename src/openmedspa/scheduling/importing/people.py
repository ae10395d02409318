"""Whom rows mean that name a person by e-mail and name: exactly one of the practice, or nobody. Knows no files."""

from collections.abc import Mapping

from openmedspa.kit.bulk import Faults
from openmedspa.kit.db import Row, Scope, Tx
from openmedspa.patients.facts import full_name
from openmedspa.patients.matching import normal
from openmedspa.scheduling.importing.bookings_rows import Called
from openmedspa.scheduling.queries import importing_bookings as queries


async def find(
    tx: Tx, scope: Scope, practice_id: int, called: Mapping[int, Called]
) -> tuple[dict[int, int], dict[int, Faults]]:
    """By position: their numbers, and what is wrong with rows that mean nobody or several."""
    if not called:
        return {}, {}
    known: dict[str, list[Row]] = {}
    addresses = list({one.email.strip().lower() for one in called.values()})
    for row in await queries.list_people_of_addresses(tx, scope, practice_id, addresses):
        known.setdefault(normal(row["email"]), []).append(row)
    found: dict[int, int] = {}
    failed: dict[int, Faults] = {}
    for position, one in called.items():
        ids = [row["id"] for row in known.get(normal(one.email), ()) if _is_called(row, one)]
        if len(ids) == 1:
            found[position] = ids[0]
        elif ids:
            numbers = ", ".join(map(str, ids[:5]))
            failed[position] = {"EMail": f"means several people of this practice ({numbers}): give ProspectID"}
        else:
            failed[position] = {"EMail": "is nobody of this practice with this name"}
    return found, failed


def _is_called(row: Row, called: Called) -> bool:
    names = {normal(full_name(dict(row))), normal(f"{row['first_name']} {row['last_name']}")}
    return (called.last_name is None or normal(called.last_name) == normal(row["last_name"])) and (
        called.full_name is None or normal(called.full_name) in names
    )
