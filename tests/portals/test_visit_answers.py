"""The intake on the patient's page: filled with what is known, corrected, saved; mistakes are named and typing kept."""

import asyncio
import json
from html import unescape
from typing import Any

import asyncpg
import pytest
from cast import bring_to, make_visit
from client import Client
from portals.visiting import ANAS, ANSWERS, KEPT, Visitor, at_ease, visiting

SENT: list[dict[str, Any]] = [
    {"question": "allergies", "answer": {"selected": "yes", "items": ["Nickel", "Bee stings"]}},
    {"question": "pregnant-breastfeeding-ivf", "answer": "N/A"},
]
EMPTY = dict.fromkeys(ANSWERS, "")
LONG, MANY = "x" * 201, "\n".join(f"line {number}" for number in range(51))
MISTAKES: list[tuple[dict[str, str], str, str]] = [
    ({"medications": ""}, "medications", "Choose an answer."),
    ({"medications": "maybe"}, "medications", "Choose an answer."),
    ({"pregnant_breastfeeding_ivf": "yes"}, "pregnant-breastfeeding-ivf", "Choose an answer."),
    ({"medications_items": " \n\n "}, "medications", "You chose Yes. Write down which"),
    ({"allergies_items": "Nickel"}, "allergies", "You chose No, and there is text in the list."),
    ({"medications_items": f"short\n{LONG}"}, "medications", "Line 2 is too long. 200 characters is the most"),
    ({"medications_items": MANY}, "medications", "These are 51 lines. 50 is the most"),
]
SCRIPTS = [
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</textarea><script>alert(1)</script>",
    "' onfocus='alert(1)", "{{ 1234 * 4321 }}{% raw %}", "${1234*4321}", "javascript:alert(1)", "\u202egnirts",
    "😀 & <b>", "<!--", "]]>", "&lt;script&gt;", "=cmd|'/c calc'!A1",
]  # fmt: skip


async def kept(owner: asyncpg.Connection) -> Any:
    text = await owner.fetchval("select intake_answered from visits")
    return json.loads(text) if text else None


async def test_the_form_is_filled_with_what_the_practice_sent_and_says_so(glow_emr: Client) -> None:
    async with at_ease(glow_emr, intake_answers=SENT) as (ana, _):
        assert ana.chosen("allergies") == "yes"
        assert ana.value("allergies-items") == "Nickel\nBee stings"
        assert ana.chosen("pregnant-breastfeeding-ivf") == "N/A"
        assert ana.chosen("medications") == ""
        assert ana.text.count("Your practice told us:") == 2
        assert "Your practice told us: Yes – Nickel; Bee stings" in ana.text


async def test_what_the_patient_saves_is_kept_beside_what_was_sent(glow_emr: Client, owner: asyncpg.Connection) -> None:
    async with at_ease(glow_emr, intake_answers=SENT) as (ana, gfe_id):
        await ana.answer()
        assert "Saved. Your answers are with GlowOffice now." in ana.text
        assert (ana.chosen("allergies"), ana.value("medications-items")) == ("no", "Aspirin\nVitamin D")
        assert "Your practice told us: Yes – Nickel; Bee stings" in ana.text, "still marked as the practice's word"
        assert "Last saved on" in ana.text
        assert "Saved." not in (await ana.open()).text
    assert await kept(owner) == KEPT
    assert json.loads(await owner.fetchval("select intake_sent from visits")) == SENT
    steps = await owner.fetch("select step, actor from visit_steps order by id")
    assert [tuple(row) for row in steps][1:] == [("intake_started", "patient")]
    assert (await glow_emr.get(f"/emr/visits/{gfe_id}")).json["data"]["status"] == "Processing"


async def test_saving_twice_makes_one_step_and_the_last_word_stands(
    glow_emr: Client, owner: asyncpg.Connection
) -> None:
    async with at_ease(glow_emr) as (ana, _):
        await ana.answer()
        await ana.answer(medications="no", medications_items="")
        assert ana.chosen("medications") == "no"
    assert (await kept(owner))[1] == {"question": "medications", "answer": {"selected": "no", "items": []}}
    assert await owner.fetchval("select count(*) from visit_steps") == 2


async def test_two_tabs_may_save_at_once(glow_emr: Client, owner: asyncpg.Connection) -> None:
    async with at_ease(glow_emr) as (ana, _):
        csrf = ana.csrf(ana.page.text)
        posts = [
            ana.http.post(
                f"{ana.address}/answers",
                data={"csrf": csrf, **ANSWERS, "medications-items": f"tab {tab}"},
                headers={"origin": "http://test"},
            )
            for tab in range(6)
        ]
        assert {answer.status_code for answer in await asyncio.gather(*posts)} == {303}
    assert (await kept(owner))[1]["answer"]["items"][0].startswith("tab ")
    assert await owner.fetchval("select count(*) from visit_steps") == 2


@pytest.mark.parametrize(("changes", "question", "sentence"), MISTAKES)
async def test_a_mistake_is_named_and_everything_typed_is_kept(
    glow_emr: Client, owner: asyncpg.Connection, changes: dict[str, str], question: str, sentence: str
) -> None:
    async with at_ease(glow_emr) as (ana, _):
        typed = {"medical_conditions": "yes", "medical_conditions_items": "Asthma", **changes}
        assert (await ana.answer(**typed)).status_code == 400
        assert "Not saved yet: please check one answer" in ana.text
        assert ana.text.count(sentence) == 2, "in the summary and at its field"
        assert f'<li><a href="#{question}">' in ana.page.text
        assert ana.value("medical-conditions-items") == "Asthma"
        for name, text in changes.items():
            if name.endswith("items"):
                assert ana.value(name.replace("_", "-")) == text
    assert await kept(owner) is None


async def test_the_longest_lists_allowed_are_kept(glow_emr: Client, owner: asyncpg.Connection) -> None:
    lines = [f"{number:02}".ljust(200, "😀") for number in range(50)]
    names = ["medications", "allergies", "medical_conditions"]
    async with at_ease(glow_emr) as (ana, _):
        await ana.answer(**dict.fromkeys(names, "yes"), **{f"{name}_items": "\n".join(lines) for name in names})
        assert "Saved." in ana.text
    assert [answer["answer"]["items"] for answer in (await kept(owner))[1:]] == [lines] * 3


async def test_what_is_not_answered_yet_stays_open(glow_emr: Client, owner: asyncpg.Connection) -> None:
    async with at_ease(glow_emr, intake_answers=None) as (ana, _):
        await ana.send("answers", {**EMPTY, "allergies": "no"})
        assert "Saved." in ana.text and "3 questions are still open" in ana.text
        assert [answer["question"] for answer in await kept(owner)] == ["allergies"]
        await ana.answer()
        assert "still open" not in ana.text


async def test_a_list_without_its_answer_is_not_dropped(glow_emr: Client, owner: asyncpg.Connection) -> None:
    async with at_ease(glow_emr, intake_answers=None) as (ana, _):
        await ana.send("answers", {**EMPTY, "allergies-items": "Latex"})
        assert ana.text.count("Choose an answer.") == 2
        assert ana.value("allergies-items") == "Latex"
    assert await kept(owner) is None


@pytest.mark.parametrize("script", SCRIPTS)
async def test_what_is_typed_is_shown_and_never_run(glow_emr: Client, script: str) -> None:
    patient = {"first_name": f"Ana {script}"[:90], "last_name": script}
    sent = [{"question": "allergies", "answer": {"selected": "yes", "items": [script]}}]
    gfe_id = await make_visit(glow_emr, patient=patient, intake_answers=sent)
    async with visiting(glow_emr, gfe_id) as ana:
        await ana.confirm({"month": script, "day": script, "year": script})
        assert ana.value("day") == script
        _require_harmless(ana, script)
        await ana.confirm()
        _require_harmless(ana, script)
        assert unescape(ana.page.text).count(f"Hello Ana {script}") == 1
        for selected in ("no", "yes"):
            await ana.answer(medications=selected, medications_items=script, allergies="yes", allergies_items=script)
            assert ana.value("medications-items") == script
            _require_harmless(ana, script)


def _require_harmless(ana: Visitor, script: str) -> None:
    """Nothing of it became a tag or an attribute."""
    assert "5332114" not in ana.text
    for start in ("<script", "<img", "<b>", "<!--", "onfocus='"):
        assert start not in ana.page.text


@pytest.mark.parametrize("status", ["Scheduled", "Not Completed"])
async def test_an_open_visit_takes_answers_and_stays_where_it_is(
    glow_emr: Client, owner: asyncpg.Connection, status: str
) -> None:
    async with at_ease(glow_emr) as (ana, gfe_id):
        await bring_to(glow_emr, gfe_id, status)
        await ana.answer()
        assert "Saved." in ana.text
    assert await kept(owner) == KEPT
    assert (await glow_emr.get(f"/emr/visits/{gfe_id}")).json["data"]["status"] == status


@pytest.mark.parametrize("status", ["Pending Review", "Completed", "Cancelled by client", "Cancelled", "Rejected"])
async def test_any_other_visit_shows_them_and_takes_none(
    glow_emr: Client, owner: asyncpg.Connection, status: str
) -> None:
    async with at_ease(glow_emr, intake_answers=SENT) as (ana, gfe_id):
        await bring_to(glow_emr, gfe_id, status)
        await ana.open()
        assert "<form" not in ana.page.text
        assert "Yes – Nickel; Bee stings" in ana.text and "Not answered" in ana.text
        token = glow_emr.house.vault.link_mac("csrf", ana.address.removeprefix("/visit/"))
        assert (await ana.send("answers", ANSWERS, csrf=token)).status_code == 409
        assert "Your answers can no longer be changed here" in ana.text
    assert await kept(owner) is None


async def test_typing_for_longer_than_the_session_loses_nothing(glow_emr: Client, owner: asyncpg.Connection) -> None:
    async with at_ease(glow_emr) as (ana, _):
        csrf = ana.csrf(ana.page.text)
        await owner.execute("update visit_sessions set expires_at = now()")
        assert (await ana.send("answers", ANSWERS, csrf=csrf)).status_code == 403
        assert "what you typed is kept" in ana.text and "Hello Ana" not in ana.text
        carried = {name: ana.value(name) for name in ANSWERS}
        assert carried == ANSWERS
        await ana.send("confirm", {**ANAS, **carried, "page": "answers"})
        assert "not saved yet" in ana.text and ana.value("medications-items") == ANSWERS["medications-items"]
        assert await kept(owner) is None
        await ana.answer()
    assert await kept(owner) == KEPT
