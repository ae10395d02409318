"""`openmedspa import`: every kind of file, each refused row with its reason, and a second run that changes nothing."""

import csv
import json
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from client import Client
from scheduling.staff import ahead, hire, offer

from .conftest import Prompt

GLOW = ("--practice", "GlowOffice")
PEOPLE = """FirstName,LastName,EMail,Phone,DOB,Gender,Prospect,Notes
Maya,Hollingsby,maya@example.com,(626) 555-0142,1988-04-17,f,,"two
lines"
Rubén,Ahlstrom,,562-555-0118,,m,1,=HYPERLINK("http://example.com")
Priya,Weatherby,priya@example.com,,1993-02-29,f,,
Theo,Quigley,theo@example.com,,,x,,=1+1
maya,HOLLINGSBY,Maya@Example.com,,,f,,
,,,,,,,
Linh,,linh@example.com,,,,,
"""
REFUSED = {5: {"DOB"}, 6: {"Gender"}, 7: {""}, 9: {"LastName"}}


def written(folder: Path, name: str, content: str | bytes) -> str:
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return name


def counted(desk: Prompt, *words: str) -> tuple[int, int, int, int]:
    """(created, updated, unchanged, refused) of a run."""
    answer = desk("import", *words, "--json")
    told: dict[str, Any] = json.loads(answer.out)
    assert answer.code == (6 if told["refused"] else 0), answer.err
    return told["created"], told["updated"], told["unchanged"], told["refused"]


async def everything(owner: asyncpg.Connection) -> str:
    """All that an import may write, but for the sequences."""
    tables = ("patients", "match_keys", "patient_changes", "products", "articles", "article_versions", "tickets",
              "ticket_steps", "audit")  # fmt: skip
    parts = [f"(select json_agg(t order by t::text) from {table} t)" for table in tables]
    return str(await owner.fetchrow(f"select {', '.join(parts)}"))


async def test_each_refused_row_is_told_with_its_line_and_reason(desk: Prompt, tmp_path: Path) -> None:
    written(tmp_path, "people.csv", PEOPLE)
    answer = desk("import", "prospects", "people.csv", *GLOW)
    assert answer.code == 6
    assert answer.out == "2 people created, 0 updated, 0 unchanged, 4 refused.\n"
    assert answer.err.splitlines() == [
        "line 5: DOB is not a date of the calendar",
        "line 6: Gender may not be 'x', only m, f, o or u",
        "line 7: The row means the same as line 2",
        "line 9: LastName is required, unless FullName is given",
    ]
    told = json.loads(desk("import", "prospects", "people.csv", *GLOW, "--json").out)
    assert {row["line"]: set(row["faults"]) for row in told["first_refused"]} == REFUSED


async def test_the_report_holds_their_cells_and_no_formula(desk: Prompt, tmp_path: Path) -> None:
    written(tmp_path, "people.csv", PEOPLE.replace("(626) 555-0142", "+1 626 555 0142"))
    assert desk("import", "prospects", "people.csv", *GLOW, "--report", "refused.csv").code == 6
    with (tmp_path / "refused.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {int(row["line"]): {row["field"]} for row in rows} == REFUSED
    assert rows[1]["Notes"] == "'=1+1"
    assert (rows[0]["FirstName"], rows[0]["DOB"]) == ("Priya", "1993-02-29")


async def test_a_corrected_report_is_a_file_to_import(desk: Prompt, tmp_path: Path) -> None:
    written(tmp_path, "people.csv", PEOPLE)
    desk("import", "prospects", "people.csv", *GLOW, "--report", "refused.csv")
    corrected = (tmp_path / "refused.csv").read_text().replace("1993-02-29", "1993-02-28").replace(",x,", ",o,")
    written(tmp_path, "again.csv", corrected)
    assert counted(desk, "prospects", "again.csv", *GLOW, "--ignore-unknown") == (2, 1, 0, 1), (
        "maya has another spelling"
    )


async def test_a_second_run_changes_nothing(desk: Prompt, owner: asyncpg.Connection, tmp_path: Path) -> None:
    written(tmp_path, "people.csv", PEOPLE)
    assert counted(desk, "prospects", "people.csv", *GLOW) == (2, 0, 0, 4)
    before = await everything(owner)
    assert counted(desk, "prospects", "people.csv", *GLOW) == (0, 0, 2, 4)
    assert await everything(owner) == before


async def test_a_dry_run_says_the_same_and_writes_nothing(
    desk: Prompt, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    written(tmp_path, "people.csv", PEOPLE)
    before = await everything(owner)
    assert counted(desk, "prospects", "people.csv", *GLOW, "--dry-run") == (2, 0, 0, 4)
    assert desk("import", "prospects", "people.csv", *GLOW, "--dry-run").out.startswith("Would be: 2 people created")
    assert await everything(owner) == before


async def test_people_come_as_they_stand_in_the_file(desk: Prompt, glow_partner: Client, tmp_path: Path) -> None:
    written(tmp_path, "people.csv", PEOPLE)
    written(tmp_path, "one.json", json.dumps([{"FullName": "Eleni Maria Stavros", "Zip": "90501", "ProviderID": None}]))
    assert counted(desk, "prospects", "people.csv", *GLOW)[0] == 2
    assert counted(desk, "prospects", "one.json", *GLOW) == (1, 0, 0, 0)
    told = (await glow_partner.get("/v1/GlowOffice/prospects")).json["data"]
    eleni, ruben, maya = told
    assert (eleni["FirstName"], eleni["LastName"], eleni["Zip"]) == ("Eleni Maria", "Stavros", "90501")
    assert (maya["Phone"], maya["Notes"], maya["Prospect"]) == ("(626) 555-0142", "two\nlines", 1)
    assert (ruben["FirstName"], ruben["EMail"], ruben["Notes"]) == (
        "Rubén", None, '=HYPERLINK("http://example.com")',
    )  # fmt: skip


PRODUCTS = """VendorCode;ProductCode;Product;RetailPrice;Active
V1;P1;Serum;0.10;yes
V1;P2;Soap;6.999;yes
V1;P1;Serum again;1;yes
V2;P1;Towel;16;no
"""


async def test_products_are_the_operators_or_a_partners(
    desk: Prompt, glow_partner: Client, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    written(tmp_path, "list.csv", PRODUCTS)
    assert counted(desk, "products", "list.csv") == (2, 0, 0, 2)
    assert counted(desk, "products", "list.csv") == (0, 0, 2, 2)
    told = {row["ProductCode"]: row for row in (await glow_partner.get("/v1/products?vendorCode=V1")).json["data"]}
    assert (told["P1"]["RetailPrice"], told["P1"]["Writable"]) == (0.1, False)
    assert counted(desk, "products", "list.csv", "--partner", "Glow Partner") == (0, 0, 0, 4)
    written(tmp_path, "own.jsonl", '{"VendorCode": "V9", "ProductCode": "P", "Product": "x", "RetailPrice": 9.99}\n')
    assert counted(desk, "products", "own.jsonl", "--partner", "Glow Partner") == (1, 0, 0, 0)
    assert await owner.fetchval("select retail_price::text from products where vendor_code = 'V9'") == "9.99"
    (own,) = (await glow_partner.get("/v1/products?vendorCode=V9")).json["data"]
    assert own["Writable"] is True


async def test_articles_keep_what_they_said(desk: Prompt, owner: asyncpg.Connection, tmp_path: Path) -> None:
    table = "Title,Article,Category,Active\nParking,Level one.,Desk,true\n,nothing,Desk,true\nParking,Other,Lab,no\n"
    written(tmp_path, "kb.csv", table)
    assert counted(desk, "kb", "kb.csv") == (2, 0, 0, 1)
    written(tmp_path, "kb.csv", table.replace("Level one", "Level two"))
    assert counted(desk, "kb", "kb.csv") == (0, 1, 1, 1)
    assert counted(desk, "kb", "kb.csv") == (0, 0, 2, 1)
    assert await owner.fetchval("select article from article_versions") == "Level one."
    assert await owner.fetch("select title, retired_at is null as active from articles order by id") == [
        ("Parking", True), ("Parking", False),
    ]  # fmt: skip


async def test_tickets_are_known_by_their_reference_or_by_what_they_say(
    desk: Prompt, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    table = (
        "Reference,Subject,Body,Status\nA1,Scale,Shows E2,Open\n,No reference,Body,\nA1,Twice,,\nA2,Wrong,,Waiting\n"
    )
    written(tmp_path, "tickets.csv", table)
    assert counted(desk, "tickets", "tickets.csv", *GLOW) == (2, 0, 0, 2)
    written(tmp_path, "tickets.csv", table.replace("E2,Open", "E3,Closed"))
    assert counted(desk, "tickets", "tickets.csv", *GLOW) == (0, 1, 1, 2)
    assert counted(desk, "tickets", "tickets.csv", *GLOW) == (0, 0, 2, 2)
    assert counted(desk, "tickets", "tickets.csv", "--practice", "RivalOffice") == (2, 0, 0, 2)
    steps = await owner.fetch(
        "select s.status, s.actor from ticket_steps s join tickets t on t.practice_id = s.practice_id"
        " and t.id = s.ticket_id where t.reference = 'A1' and t.practice_id = 1 order by s.id"
    )
    assert [row["status"] for row in steps] == ["Open", "Closed"]
    assert all(row["actor"].startswith("cli:") for row in steps)


async def test_who_imported_stands_in_changes_and_audit(
    desk: Prompt, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    written(tmp_path, "people.csv", PEOPLE)
    counted(desk, "prospects", "people.csv", *GLOW)
    people = await owner.fetch("select added_by, import_key is not null as known from patients order by id")
    assert all(row["added_by"].startswith("cli:") and row["known"] for row in people)
    (row,) = await owner.fetch("select practice_id, actor, subject from audit where action = 'prospects.imported'")
    assert (row["practice_id"], row["subject"]) == (1, "2 created, 0 updated")
    assert await owner.fetchval("select count(*) from patient_changes where before = '{}'") == 2


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("prospects", "people.csv"), 2, "--practice"),
        (("prospects", "people.csv", "--practice", "GlowOfice"), 3, "GlowOffice"),
        (("prospects", "none.csv", *GLOW), 3, "none.csv"),
        (("prospects", "people.xlsx", *GLOW), 2, "neither CSV nor JSON"),
        (("products", "people.csv"), 2, "--ignore-unknown"),
        (("products", "people.csv", "--partner", "Glow Partnr"), 3, "Glow Partner"),
        (("prospects", "people.csv", *GLOW, "--report", "people.csv"), 2, "overwrite"),
        (("prospects", "latin.csv", *GLOW), 1, "not UTF-8"),
        (("people", "people.csv"), 2, "import"),
    ],
)
def test_what_cannot_be_done_is_said_with_a_way_out(
    still_desk: Prompt, tmp_path: Path, words: tuple[str, ...], code: int, says: str
) -> None:
    written(tmp_path, "people.csv", PEOPLE)
    written(tmp_path, "people.xlsx", b"PK")
    written(tmp_path, "latin.csv", "FirstName,LastName\nZoë,x\n".encode("latin-1"))
    answer = still_desk("import", *words)
    assert answer.code == code
    assert says in answer.err
    assert (tmp_path / "people.csv").read_text() == PEOPLE


def test_a_file_whose_names_are_unreadable_ends_before_anything(still_desk: Prompt, tmp_path: Path) -> None:
    written(tmp_path, "empty.csv", "")
    answer = still_desk("import", "kb", "empty.csv")
    assert (answer.code, answer.out) == (2, "")


SCHEDULE = {
    "providers.csv": "Reference,Name,LocationID\nemp-7,Mara Quill,loc_glow\nemp-8,Ines Tolland,loc_nowhere\n",
    "hours.csv": "Provider,Weekday,From,Until\nemp-7,Mon,09:00,17:00\nemp-9,Mon,09:00,17:00\n",
    "bookings.csv": "Provider,Date,Time,Type\nemp-7,2027-03-08,09:00,FOLLOWUP\nemp-7,2027-03-08,09:10,FOLLOWUP\n",
}


async def test_a_schedule_comes_by_three_files_and_a_second_run_changes_nothing(
    desk: Prompt, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    await offer(owner)
    for name, text in SCHEDULE.items():
        written(tmp_path, name, text)
        assert counted(desk, name.removesuffix(".csv"), name, *GLOW, "--dry-run")[3] == 1
        answer = desk("import", name.removesuffix(".csv"), name, *GLOW)
        assert ("import hours FILE --practice GlowOffice" in answer.err) == (name == "providers.csv")
        assert answer.out.startswith("1 ") and "s created" not in answer.out.replace("hours created", "")
        assert counted(desk, name.removesuffix(".csv"), name, *GLOW) == (0, 0, 1, 1)
    answer = desk("import", "bookings", "bookings.csv", *GLOW)
    assert answer.err.startswith("line 3: The row overlaps visit ")
    assert "on 2027-03-08 at 09:00 (America/Los_Angeles)" in answer.err
    assert answer.out == "0 bookings created, 0 updated, 1 unchanged, 1 refused.\n"


async def test_refused_rows_stand_in_the_files_order(desk: Prompt, owner: asyncpg.Connection, tmp_path: Path) -> None:
    await offer(owner)
    number = await hire(owner)
    rows = [f"{number},2027-03-08,{time},FOLLOWUP\n" for time in ("09:00", "09:10", "99:00", "09:20")]
    written(tmp_path, "bookings.csv", "ProviderID,Date,Time,Type\n" + "".join(rows))
    answer = desk("import", "bookings", "bookings.csv", *GLOW, "--report", "refused.csv")
    assert answer.out == "1 booking created, 0 updated, 0 unchanged, 3 refused.\n"
    with (tmp_path / "refused.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["line"] for row in csv.DictReader(file)] == ["3", "4", "5"]


async def test_a_calendar_is_somebodys(desk: Prompt, owner: asyncpg.Connection, tmp_path: Path) -> None:
    number = str(await hire(owner))
    start = f"DTSTART;VALUE=DATE:{ahead():%Y%m%d}"
    lines = ["BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:e1", start, "END:VEVENT", "BEGIN:VEVENT", "UID:e2", "END:VEVENT"]
    written(tmp_path, "busy.ics", "\n".join([*lines, "END:VCALENDAR", ""]))
    words = ("import", "bookings", "busy.ics", *GLOW)
    assert desk(*words, "--provider", number, "--report", "refused.csv").out == (
        "1 busy time created, 0 updated, 0 unchanged, 0 removed, 1 refused.\n"
    )
    assert "has no DTSTART" in (tmp_path / "refused.csv").read_text()
    told = json.loads(desk(*words, "--provider", number, "--json").out)
    assert (told["unchanged"], told["removed"], told["first_refused"][0]["line"]) == (1, 0, 6)
    await owner.execute("update providers set reference = 'emp-7' where id = $1", int(number))
    for word in "emp-7", "dana  vance":
        assert json.loads(desk(*words, "--provider", word, "--json").out)["unchanged"] == 1
    other = await hire(owner)
    await owner.execute("update providers set reference = $2 where id = $1", other, number)
    for wrong, code, says in (
        ((), 2, "providers list GlowOffice"), (("--provider", "999999"), 3, "has no provider 999999"),
        (("--provider", "Dana Vance"), 2, "several providers"), (("--provider", number), 2, "and the reference of"),
    ):  # fmt: skip
        answer = desk(*words, *wrong)
        assert (answer.code, says in answer.err) == (code, True), answer.err
    written(tmp_path, "rows.csv", SCHEDULE["bookings.csv"])
    answer = desk("import", "bookings", "rows.csv", *GLOW, "--provider", number)
    assert (answer.code, ".ics" in answer.err) == (2, True)
