"""What the page says for each state of a visit, for its outcome, and about another time."""

import json
from datetime import timedelta

import asyncpg
import pytest
from cast import bring_to, make_visit
from client import Client
from portals.visiting import at_ease, make_in_person, visiting

from openmedspa.exams.status import Step

WORDS = {
    Step.ORDERED: "Your exam is coming up",
    Step.INTAKE_STARTED: "Your exam is coming up",
    Step.INTAKE_DONE: "Your exam is coming up",
    Step.WAITING: "Your exam is coming up",
    Step.SCHEDULED: "Your exam has a time",
    Step.IN_EXAM: "A provider has your visit open",
    Step.WRITING: "The provider is writing the result",
    Step.SIGNED: "Your result is here",
    Step.MISSED: "Your exam did not take place",
    Step.BROKEN_OFF: "Your exam was not finished",
    Step.LINK_EXPIRED: "This invitation has ended",
    Step.CANCELLED_BY_CLIENT: "Your practice cancelled this exam",
    Step.CANCELLED_BY_PATIENT: "This exam was cancelled",
    Step.CANCELLED_BY_PLATFORM: "This exam was cancelled",
    Step.INELIGIBLE: "This exam could not go ahead",
}
DECISIONS = [
    {"treatment_id": "a", "treatment": "Botox Injection", "outcome": "approved", "valid_until": "2027-03-04"},
    {"treatment_id": "b", "treatment": "Dermal Filler", "outcome": "approved_with_precaution", "conditions": "Slowly."},
    {"treatment_id": "c", "treatment": "Chemical Peel", "outcome": "conditionally_approved", "conditions": "A letter."},
    {"treatment_id": "d", "treatment": "Lip Filler", "outcome": "deferred", "reason": "Not yet 21."},
    {"treatment_id": "e", "treatment": "Tretinoin", "outcome": "deferred"},
]


def test_every_step_has_words() -> None:
    assert set(WORDS) == set(Step)


@pytest.mark.parametrize("step", [step for step in Step if step is not Step.SIGNED], ids=lambda step: step.value)
async def test_each_state_is_said_in_words_with_what_to_do_next(
    glow_emr: Client, owner: asyncpg.Connection, step: Step
) -> None:
    async with at_ease(glow_emr) as (ana, _):
        await owner.execute("update visits set step = $1", step.value)
        await ana.open()
        assert WORDS[step] in ana.text
        if step is Step.LINK_EXPIRED:
            assert ana.page.status_code == 410 and "ask GlowOffice for a new invitation" in ana.text
        else:
            assert "What to do next." in ana.text and "Botox Injection" in ana.text


async def test_a_scheduled_time_is_told_on_the_practices_clock(glow_emr: Client) -> None:
    async with at_ease(glow_emr) as (ana, gfe_id):
        await bring_to(glow_emr, gfe_id, "Scheduled")
        await ana.open()
        assert "It is on Sunday, March 17, 2030 at 10:46 am PDT." in ana.text


async def test_a_result_is_told_for_each_treatment_in_plain_words(glow_emr: Client, owner: asyncpg.Connection) -> None:
    async with at_ease(glow_emr) as (ana, gfe_id):
        await bring_to(glow_emr, gfe_id, "Completed")
        await owner.execute("update records set decisions = $1::jsonb", json.dumps(DECISIONS))
        await ana.open()
        for words in (
            "Cleared Botox Injection You can have this treatment. This holds until March 4, 2027 .",
            "Cleared, with care Dermal Filler",
            "Take care: Slowly.",
            "Cleared on a condition Chemical Peel",
            "Condition: A letter.",
            "Not now Lip Filler The provider advises against this treatment for now.",
            "Reason: Not yet 21.",
            "Reason: Your practice can tell you what the provider wrote.",
        ):
            assert words in ana.text


async def test_in_person_the_patient_is_sent_back_to_the_desk(glow_emr: Client) -> None:
    async with visiting(glow_emr, await make_in_person(glow_emr)) as ana:
        await ana.confirm()
        assert "Tell the team at the practice" in ana.text


async def test_another_time_is_answered_honestly(glow_emr: Client, owner: asyncpg.Connection) -> None:
    gfe_id = await make_visit(glow_emr)
    await owner.execute("update visits set ordered_at = '2999-03-01 12:00+00'")
    async with visiting(glow_emr, gfe_id) as ana:
        await ana.open("/schedule")
        assert "This link works until Sunday, March 31, 2999 at 5:00 am PDT" in ana.text
        assert "Picking a time with a provider is not open on this page yet." in ana.text
        assert "ask GlowOffice" in ana.text and "mailto:" not in ana.page.text
        await owner.execute("update practices set reply_to = 'front.desk@example.com'")
        await ana.open("/schedule")
        assert 'href="mailto:front.desk@example.com"' in ana.page.text
        await ana.confirm(page="schedule")
        assert str(ana.page.url).endswith("/schedule") and "What to do next." in ana.text


async def test_an_invitation_ends_after_thirty_days_on_its_accounts_clock(
    glow_emr: Client, owner: asyncpg.Connection
) -> None:
    async with at_ease(glow_emr) as (ana, _):
        csrf = ana.csrf(ana.page.text)
        await owner.execute("update partners set clock_offset = '29 days 23 hours'")
        assert (await ana.open()).status_code == 200
        await owner.execute("update partners set clock_offset = '30 days'")
        assert (await ana.open()).status_code == 410
        assert (await ana.open("/schedule")).status_code == 410
        for form in ("confirm", "answers"):
            assert (await ana.send(form, {}, csrf=csrf)).status_code == 410
        await owner.execute("update partners set clock_offset = '0'")
        await owner.execute("update visits set ordered_at = ordered_at - $1::interval", timedelta(days=30))
        assert "This invitation has ended" in (await ana.open()).text


async def test_a_result_can_be_read_after_thirty_days(glow_emr: Client, owner: asyncpg.Connection) -> None:
    async with at_ease(glow_emr) as (ana, gfe_id):
        await bring_to(glow_emr, gfe_id, "Completed")
        await owner.execute("update visits set ordered_at = ordered_at - interval '90 days'")
        assert "Your result is here" in (await ana.open()).text


async def test_the_practices_colour_and_name_are_the_pages(glow_emr: Client, owner: asyncpg.Connection) -> None:
    await owner.execute("update practices set colour = '#7a1f5c', name = 'Glow & <i>Co</i>'")
    async with visiting(glow_emr, await make_in_person(glow_emr)) as ana:
        await ana.open()
        assert "--accent: #7a1f5c" in ana.page.text
        nonce = ana.page.headers["content-security-policy"].partition("'nonce-")[2].partition("'")[0]
        assert f'<style nonce="{nonce}">' in ana.page.text
        assert "<title>Glow &amp; &lt;i&gt;Co&lt;/i&gt;: your exam</title>" in ana.page.text
