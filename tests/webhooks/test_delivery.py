"""Deliveries as a partner receives them: real requests to a real receiver, from the worker's own code."""

import hmac
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from cast import Cast, bring_to, make_visit
from client import Client
from receiver import fail_first, hang, receiver
from standardwebhooks import Webhook
from webhooks.sending import later, send_due, subscribe, the_delivery

from openmedspa.kit.house import House
from openmedspa.kit.ladder import DELAYS_SECONDS, JITTER_SHARE
from openmedspa.kit.outbound import Outbound
from openmedspa.webhooks import queries
from openmedspa.webhooks.delivery import LEASE, Deliveries
from openmedspa.webhooks.history import tell


async def signing_secret(house: House) -> str:
    row = await house.system.unscoped_row("select signing_secret_sealed from endpoints")
    assert row is not None
    return house.vault.open(row["signing_secret_sealed"])


async def test_a_completed_visit_is_delivered_as_the_contract_says(glow_emr: Client, house: House) -> None:
    async with receiver() as partner:
        await subscribe(glow_emr, partner.url)
        gfe_id = await make_visit(glow_emr, status="Completed")
        assert await send_due(house) == 1
    (event,) = partner.received
    visit = (await glow_emr.get(f"/emr/visits/{gfe_id}")).json["data"]
    timestamp = event.json["timestamp"]
    assert event.json == {
        "event": "visit.completed",
        "timestamp": timestamp,
        "success": True,
        "data": {
            "location_id": Cast.GLOW,
            "gfe_id": gfe_id,
            "status": "Completed",
            "requested_treatments": ["Botox Injection", "Dermal Filler"],
            "approved_treatments": ["Botox Injection"],
            "conditionally_approved_treatments": [],
            "deferred_treatments": ["Dermal Filler"],
            "evaluation_completed": visit["evaluation_completed"],
            "patient_details": visit["patient_details"],
        },
    }
    assert abs(timestamp / 1000 - house.now().timestamp()) < 60


async def test_a_delivery_is_signed_so_that_public_libraries_verify_it(glow_emr: Client, house: House) -> None:
    async with receiver() as partner:
        await subscribe(glow_emr, partner.url)
        await make_visit(glow_emr, status="Completed")
        await send_due(house)
    (event,) = partner.received
    assert event.headers["Content-Type"] == "application/json"
    assert event.headers["User-Agent"] == "Spakinect-Webhook/1.0"
    assert "X-Webhook-Secret" not in event.headers
    assert event.headers["X-Signature"] == hmac.digest(Cast.GLOW_KEY.encode(), event.body, "sha256").hex()
    lowered = {name.lower(): value for name, value in event.headers.items()}
    assert Webhook(await signing_secret(house)).verify(event.body, lowered) == event.json


async def test_a_header_secret_is_sent_and_is_not_the_signing_secret(glow_emr: Client, house: House) -> None:
    async with receiver() as partner:
        await subscribe(glow_emr, partner.url)
        row = await house.system.unscoped_row("select id from endpoints")
        assert row is not None
        await queries.update_header_secret(house.system, row["id"], house.vault.seal("open sesame"))
        await make_visit(glow_emr, status="Completed")
        await send_due(house)
    assert partner.received[0].headers["X-Webhook-Secret"] == "open sesame"


async def test_a_revoked_key_stops_its_signature_and_not_the_delivery(glow_emr: Client, house: House) -> None:
    async with receiver() as partner:
        await subscribe(glow_emr, partner.url)
        await make_visit(glow_emr, status="Completed")
        await house.system.unscoped_row("update api_keys set revoked_at = now()")
        await send_due(house)
    (event,) = partner.received
    assert "X-Signature" not in event.headers
    assert event.headers["webhook-signature"]


async def test_only_subscribed_locations_are_delivered(glow_emr: Client, house: House) -> None:
    async with receiver() as partner:
        await subscribe(glow_emr, partner.url, Cast.GLOW_SECOND)
        await make_visit(glow_emr, status="Completed")
        assert await send_due(house) == 0
        await make_visit(glow_emr, status="Completed", location_id=Cast.GLOW_SECOND)
        assert await send_due(house) == 1


async def test_no_other_partner_receives_it(glow_emr: Client, rival_emr: Client, house: House) -> None:
    async with receiver() as rival, receiver() as partner:
        await subscribe(rival_emr, rival.url, Cast.RIVAL)
        await subscribe(glow_emr, partner.url)
        await make_visit(glow_emr, status="Completed")
        await send_due(house)
    assert (len(partner.received), len(rival.received)) == (1, 0)


async def test_access_withdrawn_before_sending_stops_the_delivery(glow_emr: Client, house: House) -> None:
    async with receiver() as partner:
        await subscribe(glow_emr, partner.url)
        await make_visit(glow_emr, status="Completed")
        await house.system.unscoped_row("delete from grants")
        await send_due(house)
    assert partner.received == []
    row = await the_delivery(house)
    assert (row["due_at"], row["cause"]) == (None, "the partner's access to the location was withdrawn")


async def test_a_receiver_that_fails_once_gets_the_same_id_and_body_again(glow_emr: Client, house: House) -> None:
    async with receiver(fail_first(1)) as partner:
        await subscribe(glow_emr, partner.url)
        await make_visit(glow_emr, status="Completed")
        await send_due(house)
        assert await send_due(house) == 0  # not before the ladder's next step
        assert await send_due(later(house, seconds=7)) == 1
        assert await send_due(later(house, days=2)) == 0  # delivered is delivered
    first, second = partner.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    row = await the_delivery(house)
    assert (row["tries"], row["failed_at"]) == (2, None)
    assert row["delivered_at"] is not None


async def test_a_date_of_birth_that_is_told_after_the_signature_changes_no_body(glow_emr: Client, house: House) -> None:
    async with receiver(fail_first(1)) as partner:
        await subscribe(glow_emr, partner.url)
        await make_visit(glow_emr, status="Completed")
        await send_due(house)
        await house.system.unscoped_row("update visits set dob = '1990-10-27'")
        await send_due(later(house, seconds=7))
        first, second = partner.received
        assert "dob" not in first.json["data"]["patient_details"]
        assert first.body == second.body
        told = await tell(house.system, first.headers["webhook-id"], user_agent="x", now=house.now())
        assert told.body.encode() == first.body

        known = await make_visit(glow_emr, patient={"first_name": "Known"})
        await house.system.unscoped_row("update visits set dob = '1990-10-27' where gfe_id = $1", known)
        await bring_to(glow_emr, known, "Completed")
        await send_due(house)
    assert partner.received[-1].json["data"]["patient_details"]["dob"] == "10-27-1990"


async def test_after_twelve_tries_it_is_given_up_and_can_be_replayed(glow_emr: Client, house: House) -> None:
    async with receiver(fail_first(12)) as partner:
        await subscribe(glow_emr, partner.url)
        await make_visit(glow_emr, status="Completed")
        seconds = 0.0
        for delay in (*DELAYS_SECONDS, 86400, 86400):
            seconds += delay * (1 + JITTER_SHARE) + 1
            await send_due(later(house, seconds=seconds))
        assert len(partner.received) == 12
        assert (await the_delivery(house))["failed_at"] is not None
        event_id = partner.received[0].headers["webhook-id"]
        replayed = await queries.update_event_replayed(
            house.system, None, event_id=event_id, partner_id=None, endpoint=None, location_ids=None, now=house.now()
        )
        assert len(replayed) == 1
        await send_due(house)
    assert partner.received[-1].headers["webhook-id"] == event_id
    assert (await the_delivery(house))["delivered_at"] is not None


async def test_gone_switches_the_endpoint_off(glow_emr: Client, house: House) -> None:
    async with receiver(fail_first(99, status=410)) as partner:
        await subscribe(glow_emr, partner.url)
        await make_visit(glow_emr, status="Completed")
        await send_due(house)
        await make_visit(glow_emr, status="Completed")
        assert await send_due(later(house, days=1)) == 0
        assert len(partner.received) == 1
        assert (await glow_emr.post("/emr/webhooks", {"url": partner.url})).status == 200  # switched on again
        await make_visit(glow_emr, status="Completed")
        assert await send_due(house) == 1


async def test_a_hanging_receiver_delays_no_other(glow_emr: Client, rival_emr: Client, house: House) -> None:
    async with receiver(hang) as hanging, receiver() as partner:
        await subscribe(rival_emr, hanging.url, Cast.RIVAL)
        await subscribe(glow_emr, partner.url)
        for number in range(30):
            await make_visit(
                rival_emr, status="Completed", location_id=Cast.RIVAL, patient={"first_name": f"R{number}"}
            )
        await make_visit(glow_emr, status="Completed")
        async with Outbound(allow_loopback=True) as outbound:
            deliveries = Deliveries(house, outbound)
            await deliveries.send_due()
            await partner.wait_for(1, seconds=3)
            assert len(hanging.received) <= 16
            for task in deliveries._tasks:
                task.cancel()
            await deliveries.finish()


async def test_what_a_killed_worker_held_is_taken_over_within_thirty_seconds(glow_emr: Client, house: House) -> None:
    async with receiver() as partner:
        await subscribe(glow_emr, partner.url)
        await make_visit(glow_emr, status="Completed")
        await claim_and_die(house)
        assert await send_due(house) == 0
        assert await send_due(later(house, seconds=30)) == 1
    assert len(partner.received) == 1


async def test_a_frozen_workers_late_word_is_refused(glow_emr: Client, house: House) -> None:
    async with receiver() as partner:
        await subscribe(glow_emr, partner.url)
        await make_visit(glow_emr, status="Completed")
        frozen = await claim_and_die(house)
        await send_due(later(house, seconds=30))
        row = await the_delivery(house)
        accepted = await queries.insert_try(
            house.system, row["practice_id"], row["id"], lease=frozen, at=house.now(), url="", duration_ms=1,
            status=500, cause="HTTP 500", is_delivered=False, next_due_at=house.now(),
        )  # fmt: skip
    assert not accepted
    assert (await the_delivery(house))["delivered_at"] == row["delivered_at"] is not None


async def claim_and_die(house: House) -> UUID:
    lease = uuid4()
    claimed = await queries.claim_deliveries(
        house.system, now=house.now(), lease=lease, leased_until=house.now() + LEASE, busy={}, per_endpoint=9,
        per_failing=9, limit=9, lost_suspect=3, lost_poison=8, poison_cause="",
    )  # fmt: skip
    assert len(claimed) == 1
    return lease


@pytest.mark.parametrize("workers", [2, 8])
async def test_many_workers_send_each_delivery_once(glow_emr: Client, house: House, workers: int) -> None:
    async with receiver() as partner:
        await subscribe(glow_emr, partner.url)
        for _ in range(20):
            await make_visit(glow_emr, status="Completed")
        async with Outbound(allow_loopback=True) as outbound:
            crew = [Deliveries(house, outbound) for _ in range(workers)]
            for _ in range(5):
                for deliveries in crew:
                    await deliveries.send_due()
                for deliveries in crew:
                    await deliveries.finish()
    ids = [event.headers["webhook-id"] for event in partner.received]
    assert len(ids) == len(set(ids)) == 20


async def test_a_private_address_is_not_reached(glow_emr: Client, house: House) -> None:
    """The endpoint is set while loopback is allowed; the worker that sends does not allow it."""
    async with receiver() as partner:
        await subscribe(glow_emr, partner.url)
        await make_visit(glow_emr, status="Completed")
        await send_due(house, allow_loopback=False)
    assert partner.received == []
    assert (await the_delivery(house))["status"] is None


def test_the_lease_outlives_an_exchange_and_ends_within_thirty_seconds() -> None:
    assert timedelta(seconds=10) < LEASE <= timedelta(seconds=29)
