"""People of glow's and rival's, put into the database as they come, and the search for them."""

from datetime import date, datetime
from typing import Any

import asyncpg
from cast import Cast

from openmedspa.kit.db import Database
from openmedspa.patients import search
from openmedspa.patients.search import Found

COLUMNS = {
    "first": "first_name", "last": "last_name", "middle": "middle_initial", "nick": "nick_name", "full": "full_name",
    "email": "email", "phone": "phone", "cell": "cell_phone", "sms": "sms_phone", "dob": "dob",
}  # fmt: skip


async def practice_of(owner: asyncpg.Connection, location: str = Cast.GLOW) -> int:
    practice_id: int = await owner.fetchval("select practice_id from locations where id = $1", location)
    return practice_id


async def add(
    owner: asyncpg.Connection,
    first: str,
    last: str,
    *,
    location: str = Cast.GLOW,
    is_prospect: bool = True,
    **facts: Any,
) -> int:
    """A person; the id. Facts by the names of COLUMNS."""
    columns = {"first_name": first, "last_name": last, **{COLUMNS[name]: value for name, value in facts.items()}}
    names = ", ".join(columns)
    places = ", ".join(f"${number}" for number in range(3, len(columns) + 3))
    person_id: int = await owner.fetchval(
        f"insert into patients (practice_id, prospect_since, {names})"
        f" select l.practice_id, case when $2 then now() end, {places} from locations l where l.id = $1 returning id",
        location, is_prospect, *columns.values(),
    )  # fmt: skip
    return person_id


async def ask(db: Database, practice_id: int, text: str, **changes: Any) -> Found:
    asked: dict[str, Any] = {
        "only_prospects": None, "tag_id": None, "updated_since": None, "limit": 100, "offset": 0, **changes
    }  # fmt: skip
    return await search.find(db, [practice_id], practice_id, text=text, **asked)


async def found(db: Database, owner: asyncpg.Connection, text: str, **changes: Any) -> list[int]:
    """The ids of glow's people, best first."""
    answer = await ask(db, await practice_of(owner), text, **changes)
    assert answer.counted >= len(answer.ids) == len(set(answer.ids))
    return answer.ids


BORN = date(1990, 10, 27)
LONG_AGO = datetime.fromisoformat("2001-01-01T00:00:00+00:00")
