"""What a production needs to begin: practices, locations, the catalogue, favourites, partners, grants and keys."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
from cast import Cast

from openmedspa.partners import keys

from .conftest import Prompt


async def audited(owner: asyncpg.Connection) -> list[tuple[str, str]]:
    """(action, subject) of what the command line did."""
    rows = await owner.fetch("select action, subject, actor from audit where actor like 'cli:%' order by at, id")
    return [(row["action"], row["subject"]) for row in rows]


def listed(desk: Prompt, *words: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(desk(*words, "--json").out)
    return rows


async def test_practice_and_location(desk: Prompt, owner: asyncpg.Connection) -> None:
    assert (
        desk("practices", "create", "Bloom", "--name", "Bloom Skin", "--time-zone", "America/Denver").out == "Bloom\n"
    )
    assert desk("locations", "create", "bloom", "--state", "co", "--id", "loc_bloom").out == "loc_bloom\n"
    made = listed(desk, "practices", "list")[-1]
    assert (made["name"], made["time_zone"], made["locations"]) == ("Bloom Skin", "America/Denver", 1)
    (location,) = listed(desk, "locations", "list", "Bloom")
    assert (location["id"], location["name"], location["state"]) == ("loc_bloom", "Bloom Skin", "CO")
    assert await audited(owner) == [("practice.created", "practice:3"), ("location.created", "loc_bloom")]


async def test_a_locations_id_may_follow_the_practice_without_its_flag(desk: Prompt) -> None:
    assert desk("locations", "create", "GlowOffice", "loc_third", "--state", "CA").out == "loc_third\n"


async def test_a_location_gets_an_id_of_its_own(desk: Prompt) -> None:
    made = desk("locations", "create", "GlowOffice").out.strip()
    assert made.startswith("loc_") and len(made) == 36


async def test_grants_are_told_and_audited_once(desk: Prompt, owner: asyncpg.Connection) -> None:
    assert desk("grants", "add", "rival emr", Cast.GLOW, Cast.RIVAL).out.splitlines() == [
        f"{Cast.GLOW} granted",
        f"{Cast.RIVAL} was granted already",
    ]
    assert desk("grants", "remove", "Rival EMR", Cast.GLOW, Cast.GLOW_SECOND).out.splitlines() == [
        f"{Cast.GLOW} taken away",
        f"{Cast.GLOW_SECOND} was not granted",
    ]
    assert await audited(owner) == [
        ("grant.added", f"partner:2 {Cast.GLOW}"),
        ("grant.removed", f"partner:2 {Cast.GLOW}"),
    ]


async def test_a_key_is_printed_once_and_kept_as_its_digest(desk: Prompt, owner: asyncpg.Connection) -> None:
    ran = desk("keys", "create", "Glow EMR", "--location", Cast.GLOW, "--expires", "90d", "--name", "till")
    (key,) = ran.lines
    assert keys.is_well_formed(key) and keys.environment_of(key) == "staging"
    row = await owner.fetchrow("select * from api_keys where key_sha256 = $1", keys.digest(key))
    assert (row["name"], row["scopes"], row["location_ids"]) == ("till", ["Exams"], [Cast.GLOW])
    assert abs(row["expires_at"] - datetime.now(UTC) - timedelta(days=90)) < timedelta(minutes=1)
    everything = str([dict(each) for each in await owner.fetch("select * from api_keys")])
    assert key not in everything and key not in desk("keys", "list").out


async def test_scopes_repeat(desk: Prompt) -> None:
    desk("keys", "create", "Glow EMR", "--scope", "Exams", "--scope", "KB", "--scope", "KB")
    assert listed(desk, "keys", "list")[-1]["scopes"] == ["Exams", "KB"]


async def test_revoking_keeps_the_first_moment(desk: Prompt, owner: asyncpg.Connection) -> None:
    assert desk("keys", "revoke", "1", "--yes").out == "key 1 revoked\n"
    first = await owner.fetchval("select revoked_at from api_keys where id = 1")
    assert first and desk("keys", "revoke", "1", "--yes").code == 0
    assert await owner.fetchval("select revoked_at from api_keys where id = 1") == first


async def test_favourites_by_name_alias_and_id(desk: Prompt) -> None:
    ran = desk("favourites", "set", "GlowOffice", "lip filler", "Botox", "treatment_001", "treatment_003")
    assert [line.partition("\t")[0] for line in ran.lines] == ["treatment_004", "treatment_001", "treatment_003"]
    assert [row["id"] for row in listed(desk, "favourites", "list", "GlowOffice")] == [
        "treatment_004", "treatment_001", "treatment_003",
    ]  # fmt: skip


async def test_the_seed_is_imported_whole_and_only_once(desk: Prompt, owner: asyncpg.Connection) -> None:
    await owner.execute("delete from favourites; delete from treatments")
    dry = desk("treatments", "import", "--seed", "--dry-run")
    assert len(dry.lines) > 50 and listed(desk, "treatments", "list") == []
    assert "0 changed, 0 as they were" in desk("treatments", "import", "--seed").err
    assert len(listed(desk, "treatments", "list")) == len(dry.lines)
    assert f"0 new, 0 changed, {len(dry.lines)} as they were" in desk("treatments", "import", "--seed").err


async def test_an_import_changes_what_it_names(desk: Prompt, tmp_path: Path) -> None:
    entry = {"id": "treatment_001", "name": "Botox", "class": "toxin", "aliases": ["Botox Injection"]}
    (tmp_path / "mine.json").write_text(json.dumps([entry, {"id": "t9", "name": "Facial", "class": "care"}]))
    assert "1 new, 1 changed, 0 as they were." in desk("treatments", "import", "mine.json").err
    names = {row["id"]: row["name"] for row in listed(desk, "treatments", "list")}
    assert names["treatment_001"] == "Botox" and names["t9"] == "Facial" and len(names) == 5


async def test_a_catalogue_that_does_not_fit_is_refused_whole(desk: Prompt, tmp_path: Path) -> None:
    def offered(*entries: object) -> tuple[int, str]:
        (tmp_path / "mine.json").write_text(json.dumps(entries))
        ran = desk("treatments", "import", "mine.json")
        return ran.code, ran.err

    good = {"id": "t9", "name": "Facial", "class": "care"}
    for entries, code, why in (
        ([{**good, "aliases": ["Peel"]}], 4, "“peel” names both"),
        ([good, {**good, "name": "Other"}], 2, "The id t9 stands there twice."),
        ([good, {"id": "t8", "name": "Mask"}], 2, "treatments[1]"),
        ([good, {**good, "id": "t8", "aliasses": []}], 2, "treatments[1] has an unknown field “aliasses”."),
        ([{**good, "name": " "}], 2, "treatments[0] has an empty"),
        ([{**good, "min_age": -1}], 2, "treatments[0]"),
        ([], 2, "There are no treatments in it."),
    ):
        got, said = offered(*entries)
        assert got == code and why in said, (entries, said)
    (tmp_path / "mine.json").write_text("{")
    assert desk("treatments", "import", "mine.json").code == 2
    assert len(listed(desk, "treatments", "list")) == 4


async def test_lists_are_tables_for_pipes_and_json_for_programs(still_desk: Prompt) -> None:
    for words in (
        ("practices",),
        ("locations",),
        ("partners",),
        ("keys",),
        ("treatments",),
        ("favourites", "GlowOffice"),
    ):
        family, rest = words[0], words[1:]
        plain = still_desk(family, "list", *rest)
        rows = listed(still_desk, family, "list", *rest)
        assert rows and len(plain.lines) == len(rows) + 1
        assert plain.lines[0].isupper() and "\t" in plain.lines[0] and plain.err == ""


async def test_quiet_leaves_the_data(desk: Prompt) -> None:
    loud, quiet = desk("partners", "create", "One"), desk("partners", "create", "Two", "--quiet")
    assert loud.err and (quiet.out, quiet.err) == ("Two\n", "")


async def test_routes_are_those_that_are_served(prompt: Prompt) -> None:
    production, staging = (listed(prompt, "routes", "--environment", name) for name in ("production", "staging"))
    assert production == [route for route in staging if not route["path"].startswith("/emr/staging/")]
    ordering = next(route for route in production if route["path"] == "/emr/appointments")
    assert (ordering["method"], ordering["scope"], ordering["body"], ordering["answer"], ordering["status"]) == (
        "POST", "Exams", "AppointmentIn", "Ordered", 201,
    )  # fmt: skip
    scopes = {(route["method"], route["path"]): route["scope"] for route in production}
    assert scopes["GET", "/v1/{PPass}/prospects"] == "Prospects or Patients"
    assert (scopes["GET", "/v1/me"], scopes["POST", "/v1/{PPass}/auth/token"]) == ("any token", None)


async def test_a_practice_has_an_owner_who_is_asked(desk: Prompt, owner: asyncpg.Connection) -> None:
    assert desk("practices", "set", "glowoffice", "--owner", "Odile Glow").out == "glowoffice changed\n"
    assert desk("practices", "set", "GlowOffice", "--owner-email", "odile@glow.example.com", "--name", "Glow").code == 0
    glow = listed(desk, "practices", "list")[0]
    assert (glow["name"], glow["owner_name"], glow["owner_email"]) == ("Glow", "Odile Glow", "odile@glow.example.com")
    assert "odile@glow.example.com" in desk("practices", "list").out
    refused = desk("practices", "set", "GlowOffice", "--owner-email", "nobody")
    assert refused.code == 2 and "“nobody” is no e-mail address." in refused.err
    assert desk("practices", "set", "GlowOffice", "--owner-email", "").code == 0
    assert listed(desk, "practices", "list")[0]["owner_email"] is None
    owner_set = ("practice.owner_set", "practice:1")
    assert await audited(owner) == [owner_set, ("practice.changed", "practice:1"), owner_set, owner_set]
