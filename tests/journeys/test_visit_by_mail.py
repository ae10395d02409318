"""The whole way of a visit, with everything real: ordered, mailed, opened on a phone, answered, decided, told."""

import asyncio
import hashlib
import hmac
import re
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx2
from browser import open_page
from cast import ANA
from notifications.carriers import PostOffice, body_of, post_office
from playwright.async_api import Page, expect
from receiver import Received, receiver
from served import serving
from standardwebhooks.webhooks import Webhook

LINK = re.compile(r"http://127\.0\.0\.1:\d+/visit/[a-z0-9]{32}\.[\w-]{22}")
SENT = [{"question": "allergies", "answer": {"selected": "yes", "items": ["Penicillin"]}}]


async def test_from_the_order_to_the_webhook(tmp_path: Path) -> None:
    async with post_office() as office, receiver() as emr_server:
        mail = {"OPENMEDSPA_SMTP_URL": office.url, "OPENMEDSPA_MAIL_FROM": "exams@example.com"}
        with serving(tmp_path, variables=mail) as served:
            card = served.demo()
            headers = {"x-api-key": card["api_key"]}
            async with httpx2.AsyncClient(base_url=served.url, headers=headers) as emr, open_page() as page:
                await emr.post("/emr/webhooks", json={"url": emr_server.url})
                await emr.post("/emr/subscriptions", json={"location_id": card["location_id"]})
                gfe_id = await order(emr, card["location_id"])
                (invitation,) = await received(office, 1)
                await open_and_correct(page, link_in(invitation))
                assert (await visit(emr, gfe_id))["patient_details"]["dob"] == "10-27-1990"
                decided = {"approved": ["Botox Injection"], "deferred": ["Dermal Filler"]}
                assert (await emr.post(f"/emr/staging/visits/{gfe_id}/outcome", json=decided)).status_code == 200
                (event,) = await emr_server.wait_for(1)
                verify(event, gfe_id, card)
                _, outcome = await received(office, 2)
                assert link_in(outcome) == link_in(invitation)
                await page.reload()
                await expect(page.get_by_text("Cleared", exact=True)).to_be_visible()


async def order(emr: httpx2.AsyncClient, location_id: str) -> str:
    answer = await emr.post(
        "/emr/appointments",
        json={
            "patient_details": ANA, "location_id": location_id, "appointment_time": 1640995200,
            "requested_treatments": ["Botox Injection", "Dermal Filler"], "intake_answers": SENT,
        },
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    return str(answer.json()["gfe_id"])


async def visit(emr: httpx2.AsyncClient, gfe_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await emr.get(f"/emr/visits/{gfe_id}")).json()["data"]
    return found


async def received(office: PostOffice, count: int) -> list[EmailMessage]:
    async with asyncio.timeout(20):
        while len(office.mails) < count:  # noqa: ASYNC110 a poll is plain enough for a test
            await asyncio.sleep(0.05)
    assert len(office.mails) == count
    return office.mails


def link_in(mail: EmailMessage) -> str:
    """The start link, which stands in both parts of the mail."""
    assert mail["To"] == ANA["email"]
    in_text, in_html = (LINK.search(body_of(mail, kind)) for kind in ("plain", "html"))
    assert in_text and in_html and in_text[0] == in_html[0]
    return in_text[0]


async def open_and_correct(page: Page, link: str) -> None:
    """On a phone: the date of birth, then an allergy that the practice had wrong."""
    await page.goto(link)
    await expect(page.get_by_text("Ana")).to_have_count(0)  # nothing of the patient before the second fact
    await page.get_by_label("Month").select_option("October")
    await page.get_by_label("Day").fill("27")
    await page.get_by_label("Year").fill("1990")
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_role("heading", name="Hello Ana")).to_be_visible()
    allergies = page.locator("#allergies")
    await expect(allergies.get_by_label("Which?")).to_have_value("Penicillin")
    await allergies.get_by_label("Which?").fill("Penicillin\nLatex")
    await page.get_by_role("button", name="Save my answers").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await page.reload()
    await expect(page.locator("#allergies").get_by_label("Which?")).to_have_value("Penicillin\nLatex")


def verify(event: Received, gfe_id: str, card: dict[str, Any]) -> None:
    """By the public library, and by the check that the reference documents give."""
    headers = {name.lower(): value for name, value in event.headers.items()}
    Webhook(card["webhook_signing_secret"]).verify(event.body, headers)
    told = hmac.new(card["api_key"].encode(), event.body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(headers["x-signature"], told)
    assert headers["x-webhook-secret"] == card["webhook_secret"]
    data = event.json["data"]
    assert (event.json["event"], data["gfe_id"], data["status"]) == ("visit.completed", gfe_id, "Completed")
    assert (data["approved_treatments"], data["deferred_treatments"]) == (["Botox Injection"], ["Dermal Filler"])
    assert data["patient_details"]["dob"] == "10-27-1990"
