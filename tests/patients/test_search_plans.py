"""Each question reads few blocks however many people there are, by the generic plans that the pool uses."""

from typing import Any

import asyncpg
import pytest
from patients.finding import practice_of

from openmedspa.kit.db import APP_ROLE

FILL = """
insert into patients (practice_id, first_name, last_name, email, phone, prospect_since, updated_at)
select $1, word, word2, word || '.' || word2 || n || '@example.com', '+1202' || 1000000 + n, now(),
       now() - n * interval '1 minute'
from generate_series(1, 20000) n,
     lateral translate(n % 200 || '', '0123456789', 'aeiourstln') word,
     lateral translate(n || '', '0123456789', 'bcdfgaeiou') word2
"""
FEW_BLOCKS = 400
QUESTIONS = [
    "cgfd",
    "ol cgfd",
    "cgfd o",
    "o cg",
    "cgfe ol",
    "aln",
    "ol.cg@example.com",
    "2021000123",
    "1000123",
    "ol xx cgfd",
]
ASK = """select f.counted from find_patients($1, $2, $3, $4, $5, $6, '{}', true, null, $7, 20, 0) f"""


async def blocks(connection: asyncpg.Connection, sql: str, *args: Any) -> int:
    """The blocks of terms, words and people, and of their indexes, that a question looks at."""
    await connection.execute("select pg_stat_force_next_flush()")
    seen = """select sum(heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read) from pg_statio_user_tables
              where relname in ('patient_terms', 'name_spellings', 'patients')"""
    before = await connection.fetchval(seen)
    await connection.fetch(sql, *args)
    await connection.execute("select pg_stat_force_next_flush()")
    return int(await connection.fetchval(seen) - before)


@pytest.fixture
async def crowd(owner: asyncpg.Connection) -> int:
    glow = await practice_of(owner)
    await owner.execute("alter table patients disable trigger patients_found")
    await owner.execute(FILL, glow)
    await owner.execute("alter table patients enable trigger patients_found")
    await owner.execute("select rebuild_search()")
    await owner.execute("vacuum analyze patients, patient_terms, name_spellings")
    await owner.execute("set plan_cache_mode = force_generic_plan")
    await owner.execute(f"set role {APP_ROLE}")
    await owner.execute("select set_config('app.scope', $1, false)", f"{{{glow}}}")
    return glow


async def test_a_question_reads_few_blocks(owner: asyncpg.Connection, crowd: int) -> None:
    read = {}
    for text in QUESTIONS:
        digits = text[::-1] if text.isdigit() else None
        email = text if "@" in text or (" " not in text and not digits) else None
        args = ([crowd], crowd, text, email, digits, text if digits else None, None)
        await owner.fetch(ASK, *args)  # plans and catalogues are read once
        read[text] = await blocks(owner, ASK, *args)
    assert {text: count for text, count in read.items() if count > FEW_BLOCKS} == {}

    # The same measure of a question that no index serves.
    await owner.execute("reset role")
    assert await blocks(owner, "select count(*) from patient_terms where term like '%gfd%'") > FEW_BLOCKS
