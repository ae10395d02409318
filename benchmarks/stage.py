"""The database under measurement: embedded, durable, migrated, with an EMR and 100,000 visits. All made in bulk."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from openmedspa import installation
from openmedspa.app import open_house
from openmedspa.kit import embedded_postgres
from openmedspa.partners import keys
from openmedspa.partners import queries as partners
from openmedspa.practices import queries as practices
from openmedspa.settings import Settings
from openmedspa.treatments import queries as treatments
from openmedspa.treatments.shapes import Treatment

KEY = keys.with_checksum("oms_live_" + "BenchmarkEmr".ljust(30, "1"))
LOCATIONS = [f"loc_bench{number}" for number in range(1, 5)]
TREATMENTS = [
    Treatment("treatment_001", "Botox Injection", "toxin", aliases=["Botox"]),
    Treatment("treatment_002", "Dermal Filler", "filler", aliases=["Filler"]),
]

# Patient n has visit n, at practice and location n % 4; every second visit is signed. Ids are spread over the index as
# random ones are. Match keys are those of patients/matching.py for names without accents.
FILL = """
create temp table bench as
  select n, ($1::int[])[n % 4 + 1] as practice_id, ($2::text[])[n % 4 + 1] as location_id,
         'gfe_' || md5(n::text) as gfe_id, 'Ana' as first_name, 'Lopez' || n as last_name,
         'ana' || n || '@example.com' as email, '+1202' || lpad(n::text, 7, '0') as phone,
         n % 2 = 0 as is_signed, now() - n * interval '5 minutes' as at
  from generate_series(1, $3::int) n;
"""
TABLES = (
    """insert into patients (practice_id, id, first_name, last_name, email, phone, dob)
       select practice_id, n, first_name, last_name, email, phone, date '1960-01-01' + n % 15000 from bench""",
    """insert into match_keys (practice_id, key, patient_id)
       select practice_id, sha256(convert_to(concat_ws(chr(31), 'home', lower(first_name), lower(last_name), email),
                                             'UTF8')), n
       from bench""",
    """insert into visits (practice_id, id, gfe_id, location_id, kind, step, patient_id, partner_id, first_name,
                           last_name, email, phone, dob, requested_treatments, requested_treatment_ids,
                           appointment_at, record_version, ordered_at, updated_at)
       select practice_id, n, gfe_id, location_id, 'at_home', case when is_signed then 'signed' else 'ordered' end, n,
              1, first_name, last_name, email, phone, case when is_signed then date '1960-01-01' + n % 15000 end,
              '{Botox Injection,Dermal Filler}', '{treatment_001,treatment_002}', at + interval '7 days',
              case when is_signed then 1 end, at, at
       from bench""",
    "insert into visit_directory (gfe_id, practice_id, location_id) select gfe_id, practice_id, location_id from bench",
    """insert into visit_steps (practice_id, visit_id, step, actor, at)
       select practice_id, n, step, 'key:1', at
       from bench, unnest(case when is_signed then '{ordered,signed}'::text[] else '{ordered}' end) as step""",
    """insert into records (practice_id, visit_id, version, decisions, signed_by, signed_at)
       select practice_id, n, 1, $1::jsonb, 'provider:1', at + interval '1 hour' from bench where is_signed""",
    """insert into messages (practice_id, visit_id, channel, notice, address, queued_at, sent_at)
       select practice_id, n, channel, 'invited', address, at, at
       from bench, lateral (values ('email', email), ('sms', phone)) as contact (channel, address)""",
    """insert into audit (practice_id, at, actor, action, subject, request_id)
       select practice_id, at, 'key:1', 'visit.ordered', gfe_id, 'req_' || md5(gfe_id) from bench""",
)
DECISIONS = """[
  {"treatment_id": "treatment_001", "treatment": "Botox Injection", "outcome": "approved"},
  {"treatment_id": "treatment_002", "treatment": "Dermal Filler", "outcome": "conditionally_approved",
   "conditions": "No filler within 14 days of a vaccination"}
]"""


@contextmanager
def cluster() -> Iterator[str]:
    """The DSN of a PostgreSQL of our own, as the product starts it: fsync on, nothing tuned."""
    with tempfile.TemporaryDirectory(prefix="oms") as folder, embedded_postgres.serve(Path(folder)) as dsn:
        yield dsn


async def fill(settings: Settings, visits: int) -> None:
    """Migrate and load; at the end tables are vacuumed and the statistics fresh."""
    await installation.upgrade(settings)
    practice_ids = await _cast(settings)
    connection = await asyncpg.connect(settings.database_url)
    try:
        async with connection.transaction():
            # A temporary table takes no parameters: the values are ours and plain.
            places = ",".join(LOCATIONS)
            ids = ",".join(map(str, practice_ids))
            text = FILL.replace("$1", f"'{{{ids}}}'").replace("$2", f"'{{{places}}}'").replace("$3", str(visits))
            await connection.execute(text)
            for sql in TABLES:
                await connection.execute(sql, *([DECISIONS] if "$1" in sql else []))
            for table in ("patients", "visits"):
                await connection.execute(f"select setval('{table}_id_seq', $1)", visits + 1)
        await connection.execute("vacuum analyze")
        await connection.execute("checkpoint")
    finally:
        await connection.close()


async def _cast(settings: Settings) -> list[int]:
    """Four practices of a location each, and the EMR that serves them all; the practices' ids."""
    practice_ids = []
    async with open_house(settings) as house:
        db = house.system
        for treatment in TREATMENTS:
            await treatments.upsert_treatment(db, treatment)
        partner_id = (await partners.insert_partner(db, "Benchmark EMR"))["id"]
        for number, location_id in enumerate(LOCATIONS, start=1):
            made = await practices.insert_practice(db, ppass=f"Bench{number}", name=f"Bench {number}", time_zone="UTC")
            await practices.insert_location(db, made["id"], location_id, name=location_id, state="CA")
            await partners.insert_grant(db, partner_id, location_id)
            practice_ids.append(made["id"])
        await partners.insert_key(
            db, partner_id, name="benchmark", key_sha256=keys.digest(KEY), prefix=KEY[:12], last_four=KEY[-4:],
            scopes=["Exams"], location_ids=None, expires_at=None,
            per_second=1_000_000, burst=1_000_000,  # counted as every key's calls are, and never refused
        )  # fmt: skip
    return practice_ids
