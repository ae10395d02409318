"""SQL on what changed about people, for those who run the installation."""

from openmedspa.kit.db import Reads, Row


async def find_practice_of_person_across_practices(db: Reads, person_id: int) -> int | None:
    """Numbers are unique across practices."""
    row = await db.unscoped_row("select practice_id from patients where id = $1", person_id)
    return row["practice_id"] if row else None


async def list_changes_across_practices(db: Reads, person_id: int) -> list[Row]:
    """The oldest first."""
    return await db.unscoped_rows(
        """
        select c.at, c.actor, c.request_id, c.before, c.after
        from patient_changes c join patients p on p.practice_id = c.practice_id and p.id = c.patient_id
        where p.id = $1 order by c.id
        """,
        person_id,
    )
