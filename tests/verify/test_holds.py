"""Our own server keeps the contract: every check holds before `serve --demo`, by the command that anybody types."""

import json
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import httpx2
from cli.terminal import Ran, run
from served import Served

from openmedspa.verify.contents import CONTRACT
from openmedspa.verify.partner.contents import CONTRACT as PARTNER_CONTRACT


def command(demo: Served, known: dict[str, str], *words: str, at: str = "/emr") -> Ran:
    flags = [word for name, value in known.items() for word in (f"--{name.replace('_', '-')}", value)]
    return run("verify", f"{demo.url}{at}", *flags, *words)


def free_times(demo: Served, known: dict[str, str]) -> list[list[str]]:
    """Of the demo's provider, from a week on."""
    office = f"{demo.url}/v1/{known['ppass']}"
    token = httpx2.post(f"{office}/auth/token", json={"apiKey": known["key"]}).json()["accessToken"]
    days = [date.today() + timedelta(days=ahead) for ahead in range(7, 80)]  # noqa: DTZ011 a week more or less
    with httpx2.Client(headers={"Authorization": f"Bearer {token}"}) as client:
        path = f"{office}/availability/providers/1/slots?duration=30&date="
        return [client.get(f"{path}{day}").json()["data"]["Slots"] for day in days]


def test_every_check_holds_and_none_is_skipped(demo: Served, known: dict[str, str], tmp_path: Path) -> None:
    ran = command(demo, known, "--junit", str(tmp_path / "junit.xml"), "--strict")
    assert [line for line in ran.lines if not line.startswith("held\t")] == []
    assert [line.split("\t")[1] for line in ran.lines] == [check.id for check in CONTRACT]
    assert ran.code == 0
    assert f"{len(CONTRACT)} of {len(CONTRACT)} hold, 0 failed, 0 skipped at {demo.url}/emr." in ran.err
    assert " visits were made, all of invented people at example.com." in ran.err
    assert "points to us, who are gone now" in ran.err
    suites = ET.parse(tmp_path / "junit.xml").getroot()
    assert suites.attrib["tests"] == str(len(CONTRACT))
    assert (suites.attrib["failures"], suites.attrib["skipped"]) == ("0", "0")
    assert len(list(suites.iter("testcase"))) == len(CONTRACT)
    assert not list(suites.iter("failure"))


def test_the_demo_beside_it_says_key_ids_and_secrets(demo: Served) -> None:
    for words in ((), (demo.url,), (f"http://localhost:{demo.port}/emr/",)):
        ran = run("verify", *words, "--data-dir", str(demo.data_dir), "--only", "cancel", "--no-webhooks")
        assert ran.code == 0, ran.err
        assert f"those of the demo at {demo.url}." in ran.err
        assert all(line.startswith("held\tcancel.") for line in ran.lines)


def test_what_is_not_known_is_skipped_and_said(demo: Served, known: dict[str, str]) -> None:
    given = {name: known[name] for name in ("key", "location")}
    ran = command(demo, given, "--no-webhooks", "--only", "deliveries", "--only", "cancel.*", "--json")
    assert ran.code == 0
    (found,) = json.loads(ran.out)["runs"]
    checks = {check["id"]: check for check in found["checks"]}
    assert checks["cancel.works"]["outcome"] == "held"
    assert checks["cancel.foreign"]["why"] == "needs --foreign-gfe"
    assert checks["deliveries.comes"]["why"].startswith("needs webhooks: --receive")
    assert "1 skipped: needs --foreign-gfe" in ran.err
    assert "points to us" not in ran.err


def test_the_partner_contract_holds_and_no_check_is_skipped(
    demo: Served, known_partner: dict[str, str], tmp_path: Path
) -> None:
    ran = command(demo, known_partner, "--api", "partner", "--junit", str(tmp_path / "junit.xml"), "--strict", at="/v1")
    assert [line for line in ran.lines if not line.startswith("held\t")] == []
    assert [line.split("\t")[1] for line in ran.lines] == [check.id for check in PARTNER_CONTRACT]
    assert ran.code == 0
    count = len(PARTNER_CONTRACT)
    assert f"{count} of {count} hold, 0 failed, 0 skipped at {demo.url}/v1." in ran.err
    assert " prospects, " in ran.err and "points to us" not in ran.err
    suites = ET.parse(tmp_path / "junit.xml").getroot()
    assert (suites.attrib["name"], suites.attrib["tests"]) == ("partner API", str(count))
    assert {case.attrib["classname"].partition(".")[0] for case in suites.iter("testcase")} == {"partner"}


def test_a_demo_is_checked_for_both_apis_at_once(demo: Served) -> None:
    only = ("--only", "treatments", "--only", "me", "--only", "isolation", "--json")
    for words in ((), (demo.url,), (f"{demo.url}/v1", "--api", "both")):
        ran = run("verify", *words, "--data-dir", str(demo.data_dir), *only)
        assert ran.code == 0, ran.err
        exam, partner = json.loads(ran.out)["runs"]
        assert (exam["base_url"], partner["base_url"]) == (f"{demo.url}/emr", f"{demo.url}/v1")
        assert {check["outcome"] for check in exam["checks"] + partner["checks"]} == {"held"}
    alone = run("verify", f"{demo.url}/v1", "--data-dir", str(demo.data_dir), *only)
    assert [found["api"] for found in json.loads(alone.out)["runs"]] == ["partner"]


def test_one_key_that_opens_both_is_enough(demo: Served, known_partner: dict[str, str]) -> None:
    given = {"key": known_partner["key"], "ppass": "DemoOffice", "location": demo.card["location_id"]}
    ran = command(demo, given, "--no-webhooks", "--only", "treatments", "--only", "isolation", "--json", at="")
    exam, partner = json.loads(ran.out)["runs"]
    assert {check["why"] for check in partner["checks"]} == {"needs --foreign-key"}
    assert "held" in {check["outcome"] for check in exam["checks"]}


def test_a_provider_and_a_visit_type_can_be_chosen(demo: Served, known_partner: dict[str, str]) -> None:
    only = ("--api", "partner", "--only", "availability.provider", "--only", "booking.shown", "--json")
    ran = command(demo, known_partner, *only, "--provider", "3", "--visit-type", "CONSULT", at="/v1")
    assert [check["outcome"] for check in json.loads(ran.out)["runs"][0]["checks"]] == ["held", "held"]
    nobody = command(demo, known_partner, *only, "--provider", "999999999", at="/v1")
    assert json.loads(nobody.out)["runs"][0]["checks"][0]["outcome"] == "failed"
    strange = command(demo, known_partner, *only, "--visit-type", "STRANGE", at="/v1")
    assert json.loads(strange.out)["runs"][0]["checks"][1]["why"] == "needs --visit-type, one that the practice has"


def test_a_run_gives_all_that_it_booked_and_held_back(demo: Served, known_partner: dict[str, str]) -> None:
    before = free_times(demo, known_partner)
    ran = command(demo, known_partner, "--api", "partner", "--only", "booking", "--only", "holds", at="/v1")
    assert ran.code == 0
    assert " visits were made" in ran.err
    assert free_times(demo, known_partner) == before


def test_the_list_needs_no_server() -> None:
    ran = run("verify", "--list", "--only", "idempotency.*", "--json")
    listed = json.loads(ran.out)
    assert ran.code == 0
    assert [check["id"] for check in listed] == [check.id for check in CONTRACT if check.group == "idempotency"]
    assert {check["source"] for check in listed} == {"extension"}


def test_each_check_has_a_name_and_a_sentence_of_its_own() -> None:
    every = [*CONTRACT, *PARTNER_CONTRACT]
    assert len({check.id for check in every}) == len(every)
    assert len({check.says for check in every}) >= len(every) - len({check.group for check in every})
    for check in every:
        assert check.says[0].isupper() or not check.says[0].isalpha(), check.id
        assert check.says.endswith("."), check.id
