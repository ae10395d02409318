"""The signed record: immutable versions, read as they were signed."""

from collections.abc import Iterable

from openmedspa.exams import queries
from openmedspa.exams.visit import Visit
from openmedspa.kit.db import Database

Version = tuple[int, int, int]  # practice, visit, version of its record


async def read_versions(db: Database, wanted: Iterable[Version]) -> dict[Version, Visit]:
    """Each visit as that version of its record has it, in one round trip however many are asked for."""
    asked = list(wanted)
    practice_ids, visit_ids, versions = ([version[part] for version in asked] for part in range(3))
    return await queries.list_signed_versions(db, practice_ids, visit_ids, versions)
