"""Finding a person among 1,000,000 through the app's pool, row-level security on; and what the terms cost an insert.

`python -m benchmarks.people` measures by itself, prints, and writes its part of docs/benchmarks.md.
"""

import asyncio
import random
from collections.abc import Sequence
from statistics import quantiles
from time import perf_counter

import asyncpg
import cyclopts
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from benchmarks import parts, stage
from openmedspa import installation
from openmedspa.kit.db import APP_ROLE, Database, connect_pool
from openmedspa.kit.fresh import Fresh
from openmedspa.patients import search
from openmedspa.settings import Settings

PEOPLE = 1_000_000
FIRST = "james mary robert patricia john jennifer michael linda david elizabeth william barbara richard susan joseph jessica thomas sarah christopher karen charles lisa daniel nancy matthew betty anthony sandra mark margaret donald ashley steven kimberly andrew emily paul donna joshua michelle kenneth carol kevin amanda brian melissa timothy deborah ronald stephanie jason rebecca george laura edward helen jeffrey sharon ryan cynthia jacob kathleen nicholas amy gary angela eric shirley jonathan anna jon zoe ana".split()  # noqa: E501, SIM905
LAST = "smith johnson williams brown jones garcia miller davis rodriguez martinez hernandez lopez gonzalez wilson anderson thomas taylor moore jackson martin lee perez thompson white harris sanchez clark ramirez lewis robinson walker young allen king wright scott torres nguyen hill flores green adams nelson baker hall rivera campbell mitchell carter roberts".split()  # noqa: E501, SIM905
SYLLABLES = "ba ber ca car da den el er fa fin ga gor ha hol in is ja jo ka kel la lin ma mar na nor os pa per ra ros sa son ta ton va ver wa win ya za zel".split()  # noqa: E501, SIM905
FACTS = ("practice_id", "first_name", "last_name", "email", "phone", "prospect_since")


class Searched(Struct, frozen=True):
    """Milliseconds of one question from Python and back, by kind of question and over all."""

    people: int
    kinds: dict[str, tuple[float, float, float]]  # p50, p95, p99
    insert_us: tuple[float, float]  # of one person's row: with the terms, without

    @property
    def p95_ms(self) -> float:
        return self.kinds["all"][1]


async def measure(settings: Settings, people: int, questions: int = 300) -> Searched:
    """Fill a new, migrated database; 19 of 20 people are in one practice. Every kind of question is asked as often."""
    connection = await asyncpg.connect(settings.database_url)
    practice_id, other = await _practices(connection)
    rows = await _fill(connection, practice_id, other, people)
    insert_us = (await _insert_us(connection, practice_id, rows, terms=True),
                 await _insert_us(connection, practice_id, rows, terms=False))  # fmt: skip
    await connection.execute("vacuum analyze patients, patient_terms, name_spellings")
    await connection.close()
    pool = await connect_pool(settings.database_url, role=APP_ROLE, size=1)
    database = Database(pool, Fresh())
    chance = random.Random(7)
    own = [row for row in rows if row[0] == practice_id]
    times: dict[str, list[float]] = {}
    for turn in range(questions + 20):
        for kind, text in asked(chance.choice(own), chance).items():
            began = perf_counter()
            await search.find(database, [practice_id], practice_id, text=text, only_prospects=True, tag_id=None,
                              updated_since=None, limit=20, offset=0)  # fmt: skip
            if turn >= 20:
                times.setdefault(kind, []).append((perf_counter() - began) * 1000)
    await pool.close()
    everything = [time for kind in times.values() for time in kind]
    return Searched(
        people, {"all": _shares(everything), **{kind: _shares(each) for kind, each in times.items()}}, insert_us
    )


def asked(row: Sequence[object], chance: random.Random) -> dict[str, str]:
    """What somebody types who looks for this person."""
    first, last, email, phone = (str(fact) for fact in row[1:5])
    at = chance.randrange(1, len(last))
    typo = last[: at - 1] + last[at] + last[at - 1] + last[at + 1 :]
    return {
        "first and last name": f"{first} {last}",
        "last, first": f"{last}, {first}",
        "last name": last,
        "first name": first,
        "first three letters": last[:3],
        "first name and three letters": f"{first} {last[:3]}",
        "swapped letters": f"{first} {typo}",
        "e-mail": email,
        "e-mail, its domain mistyped": email.replace("example", "exmaple"),
        "phone": f"({phone[2:5]}) {phone[5:8]}-{phone[8:]}",
        "last seven digits": phone[5:],
        "nobody's phone": f"{phone[2:11]}{(int(phone[-1]) + 5) % 10}",
    }


async def _practices(connection: asyncpg.Connection) -> tuple[int, int]:
    ids = [
        await connection.fetchval(
            "insert into practices (ppass, name, time_zone) values ($1, $1, 'UTC') returning id", name
        )
        for name in ("BenchSearch", "BenchSearchOther")
    ]
    return ids[0], ids[1]


async def _fill(connection: asyncpg.Connection, practice_id: int, other: int, people: int) -> list[tuple[object, ...]]:
    chance = random.Random(1)
    now = await connection.fetchval("select now()")
    rows: list[tuple[object, ...]] = []
    for number in range(people):
        first = _name(FIRST, chance, 3_000, usual=0.85)
        last = _name(LAST, chance, 100_000, usual=0.4)
        email = f"{first.lower()}.{last.lower()}{number % 10_000 or ''}@example.com"
        phone = f"+1{chance.randrange(2_010_000_000, 9_899_999_999)}"
        is_in = practice_id if chance.random() < 0.95 else other
        rows.append((is_in, first, last, email, phone, now if chance.random() < 0.9 else None))
    await connection.execute("alter table patients disable trigger patients_found")
    await connection.copy_records_to_table("patients", records=rows, columns=FACTS)
    await connection.execute("alter table patients enable trigger patients_found")
    await connection.execute("select rebuild_search()")
    await connection.execute("vacuum analyze patients, patient_terms, name_spellings")
    return rows


def _name(usual_names: Sequence[str], chance: random.Random, others: int, *, usual: float) -> str:
    """One of the usual names, the first ones more often, or one of many that are rare."""
    if chance.random() < usual:
        return usual_names[int(len(usual_names) * chance.random() ** 1.5)].capitalize()
    number = int(others * chance.random() ** 1.7)
    return "".join(
        SYLLABLES[(number // len(SYLLABLES) ** place + 7 * place) % len(SYLLABLES)] for place in range(4)
    ).title()


async def _insert_us(
    connection: asyncpg.Connection, practice_id: int, rows: Sequence[Sequence[object]], *, terms: bool
) -> float:
    """Microseconds for each of 5,000 rows inserted by COPY, taken back afterwards."""
    await connection.execute("set plan_cache_mode = force_generic_plan")
    transaction = connection.transaction()
    await transaction.start()
    if not terms:
        await connection.execute("alter table patients disable trigger patients_found")
    began = perf_counter()
    await connection.copy_records_to_table(
        "patients", records=[(practice_id, *row[1:]) for row in rows[:5000]], columns=FACTS
    )
    took = perf_counter() - began
    await transaction.rollback()
    return took * 1e6 / 5000


def _shares(times: Sequence[float]) -> tuple[float, float, float]:
    cuts = quantiles(times, n=100, method="inclusive")
    return cuts[49], cuts[94], cuts[98]


def table(found: Searched) -> Table:
    made = Table("asked for", "p50 ms", "p95 ms", "p99 ms", title=f"Finding one of {found.people:,} people")
    for column in made.columns[1:]:
        column.justify = "right"
    for kind, shares in found.kinds.items():
        made.add_row(kind, *(f"{share:.1f}" for share in shares))
    return made


def main(people: int = PEOPLE) -> None:
    """Measure on a PostgreSQL of its own, as the product starts it."""
    console = Console()
    with stage.cluster() as dsn:
        settings = Settings(database_url=dsn, secret_key="benchmark" * 4)
        asyncio.run(installation.upgrade(settings))
        found = asyncio.run(measure(settings, people))
    console.print(table(found))
    insert = "A person's row by COPY takes {:.0f} µs with its search terms, {:.0f} µs without.".format(*found.insert_us)
    console.print(insert)
    if people == PEOPLE:
        parts.keep(
            "people", table(found), f"From Python and back, under row-level security; the aim is 20 ms. {insert}"
        )


if __name__ == "__main__":
    cyclopts.run(main)
