"""All SQL on the catalogue and on favourites."""

from openmedspa.kit.db import Reads, Scope
from openmedspa.treatments.shapes import Treatment, TreatmentOut


async def list_treatments(db: Reads) -> list[Treatment]:
    rows = await db.unscoped_rows(
        """
        select id, name, class, aliases, gfe_required_since is not null as gfe_required, default_validity_days,
               min_age_years, source, reviewed_by, reviewed_on
        from treatments order by position
        """
    )
    return [Treatment(*row) for row in rows]


async def list_favourites(db: Reads, scope: Scope, practice_id: int) -> list[TreatmentOut]:
    """In the practice's own order."""
    rows = await db.rows(
        """
        select t.id, t.name
        from favourites f join treatments t on t.id = f.treatment_id
        where f.practice_id = any($1) and f.practice_id = $2
        order by f.position
        """,
        scope,
        practice_id,
    )
    return [TreatmentOut(*row) for row in rows]


async def upsert_treatment(db: Reads, treatment: Treatment) -> None:
    await db.unscoped_row(
        """
        insert into treatments (id, name, class, aliases, gfe_required_since, default_validity_days, min_age_years,
                                source, reviewed_by, reviewed_on)
        values ($1, $2, $3, $4, case when $5 then now() end, $6, $7, $8, $9, $10)
        on conflict (id) do update set
          name = excluded.name, class = excluded.class, aliases = excluded.aliases,
          gfe_required_since = case when $5 then coalesce(treatments.gfe_required_since, now()) end,
          default_validity_days = excluded.default_validity_days, min_age_years = excluded.min_age_years,
          source = excluded.source, reviewed_by = excluded.reviewed_by, reviewed_on = excluded.reviewed_on
        """,
        treatment.id,
        treatment.name,
        treatment.class_,
        treatment.aliases,
        treatment.gfe_required,
        treatment.default_validity_days,
        treatment.min_age,
        treatment.source,
        treatment.reviewed_by,
        treatment.reviewed_on,
    )


async def replace_favourites(db: Reads, scope: Scope, practice_id: int, treatment_ids: list[str]) -> None:
    """One statement, so that nobody sees a practice without its favourites in between."""
    await db.unscoped_row(
        """
        with gone as (
          delete from favourites where practice_id = any($1) and practice_id = $2 and treatment_id <> all($3::text[])
        )
        insert into favourites (practice_id, treatment_id, position)
        select $2, id, ordinality from unnest($3::text[]) with ordinality as chosen (id, ordinality)
        on conflict (practice_id, treatment_id) do update set position = excluded.position
        """,
        scope,
        practice_id,
        treatment_ids,
    )
