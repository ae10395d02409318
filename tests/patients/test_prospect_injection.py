"""Texts that would do something elsewhere are texts here: kept, told back, and nothing else happens."""

import asyncpg
import pytest
from client import Client
from patients.offices import FULL, PEOPLE, TAGS, make_person

SQL = [
    "'", "''", "';--", "' or '1'='1", "'; drop table patients; --",
    "\\'; drop table patients; --", "1; select pg_sleep(9)",
    "$1", "$$; delete from patients; $$", "') returning *; --", "admin'/*", "\\", "%", "_", "%_%", "' union select 1--",
    "{1,2}", '{"practice_id": 2}', "E'\\x41'", "\x1a", "nextval('patients_id_seq')", "0x31", "{}", "(,,,)", "[1,2)",
]  # fmt: skip
HTML = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"><svg/onload=alert(1)>', "javascript:alert(1)",
    "<!--", "]]>", "&lt;b&gt;", "&#x3C;", "<a href='//evil.example'>x</a>", "'-alert(1)-'", "<iframe srcdoc=x>",
    "</title>",
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]>',
]  # fmt: skip
HEADERS = [
    "a\r\nBcc: all@example.com", "a\nSubject: x", "a\rX: y", "%0d%0aSet-Cookie: x=1", "a\r\n\r\n<html>", "\u2028X: y",
    "=?utf-8?q?x?=", "\x85X: y", "\x0b\x0c",
]  # fmt: skip
FORMULAS = ["=1+1", "+1+1", "-1+1", "@SUM(1)", '=cmd|"/c calc"!A0', '=HYPERLINK("http://evil.example")', "\t=1", "\r=1"]
TEMPLATES = [
    "{{7*7}}", "${7*7}", "<%= 7*7 %>", "#{7*7}", "{% raw %}", "{{config}}", "{0.__class__}", "%(x)s", "%s%n",
    "${jndi:ldap://x}",
    "$(id)", "`id`", "; id", "| id", "../../etc/passwd", "file:///etc/passwd", "\x1b[2J", "\u202eevil", "\ufeff",
    "\U0010ffff",
    "null", "undefined", "NaN", "true", "-0", "1e999", "a\u0301", "\u200b", "🙂" * 9, "ﷺ", "__proto__",
]  # fmt: skip
GROUPS = ["SQL", "HTML", "CRLF", "formula", "other"]
PAYLOADS = [*SQL, *HTML, *HEADERS, *FORMULAS, *TEMPLATES]
CLOSED = {"Gender", "DOB", "LifeStage", "Type", "ProviderID", "Prospect"}
TEXTS = [field for field in FULL if field not in CLOSED]
ELSEWHERE = ("visits", "messages", "practices", "partners", "providers", "tags", "products")


def rotated(by: int) -> dict[str, str]:
    """A payload for each text field, another one each time; names are never blank."""
    texts = {field: PAYLOADS[(index * 7 + by) % len(PAYLOADS)] for index, field in enumerate(TEXTS)}
    return {field: text if text.strip() or not field.endswith("Name") else text + "x" for field, text in texts.items()}


def test_there_are_enough_of_them() -> None:
    assert len({*PAYLOADS}) == len(PAYLOADS) >= 60


async def test_every_payload_in_every_field_is_a_text(glow_partner: Client, owner: asyncpg.Connection) -> None:
    """Each field meets each payload: in changes of one person, each of which sends a payload for all fields."""
    person = await make_person(glow_partner)
    path = f"{PEOPLE}/{person['ID']}"
    before = {table: await owner.fetch(f"select * from {table}") for table in ELSEWHERE}
    for by in range(len(PAYLOADS)):
        texts = rotated(by)
        answer = await glow_partner.put(path, texts)
        assert answer.status == 200, answer.json
        assert {field: answer.json["data"][field] for field in texts} == texts
    assert (await glow_partner.get(path)).json == answer.json
    assert {table: await owner.fetch(f"select * from {table}") for table in ELSEWHERE} == before
    assert await owner.fetchval("select count(*) from patients") == 1


@pytest.mark.parametrize("payloads", [SQL, HTML, HEADERS, FORMULAS, TEMPLATES], ids=GROUPS)
async def test_a_payload_is_a_name_a_tag_and_a_question(glow_partner: Client, payloads: list[str]) -> None:
    for payload in payloads:
        name = payload if payload.strip() else payload + "x"
        made = await glow_partner.post(PEOPLE, {"FirstName": name, "LastName": name, "EMail": payload})
        assert made.status == 201, made.json
        person = made.json["data"]
        assert (person["FirstName"], person["LastName"], person["EMail"]) == (name, name, payload)
        tag = await glow_partner.post(TAGS, {"name": name})
        assert (tag.status, tag.json["data"]["name"]) == (201, name)
        path = f"{TAGS}/prospects/{person['ID']}"
        tagged = await glow_partner.post(path, {"tagId": tag.json["data"]["id"]})
        assert tagged.json == {"data": [tag.json["data"]]}
        found = await glow_partner.get(PEOPLE, params={"search": payload})
        assert found.status == 200, found.json
        for parameter in ("prospect", "tagId", "updatedSince", "page"):
            answer = await glow_partner.get(PEOPLE, params={parameter: payload})
            assert answer.status in (200, 422)
    assert (await glow_partner.get(PEOPLE)).json["pagination"]["total"] == len(payloads)
