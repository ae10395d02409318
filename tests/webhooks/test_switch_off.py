"""An endpoint that is gone, or fails for five days, is switched off in words, and its owner is told at that moment."""

from typing import Any

import asyncpg
import pytest
from cast import make_visit
from client import Client
from msgspec.structs import replace
from notifications.carriers import body_of, post_office, served_by
from notifications.carriers import send_due as send_messages_due
from receiver import fail_first, receiver
from webhooks.sending import later, send_due, subscribe

from openmedspa.kit.db import Row
from openmedspa.kit.house import House
from openmedspa.notifications import messages
from openmedspa.partners import registry
from openmedspa.webhooks import endpoints, queries

OPERATOR = "operator@example.com"


@pytest.fixture
def told(house: House) -> House:
    """The house with an operator who is told."""
    return replace(house, carriers=replace(house.carriers, operator_email=OPERATOR))


async def endpoint(house: House) -> Row:
    row = await house.system.unscoped_row("select * from endpoints")
    assert row is not None
    return row


async def told_owners(owner: asyncpg.Connection) -> list[str]:
    rows = await owner.fetch(
        "select address from messages where notice = 'endpoint_switched_off' and channel = 'email'"
    )
    return [row["address"] for row in rows]


async def fail_at(house: House, emr: Client, *days: float) -> None:
    """A visit and a try so many days ahead, each time."""
    for ahead in days:
        await make_visit(emr, status="Completed")
        await send_due(later(house, days=ahead))


async def test_gone_is_told_to_the_operator_or_the_partners_contact(
    glow_emr: Client, rival_emr: Client, told: House, owner: asyncpg.Connection
) -> None:
    async with receiver(fail_first(9, status=410)) as gone:
        await subscribe(glow_emr, gone.url)
        await fail_at(told, glow_emr, 0)
        assert (await endpoint(told))["switched_off_because"] == "it answered 410 Gone"
        assert await told_owners(owner) == [OPERATOR]
        await told.system.write(
            (), lambda tx: registry.set_contact(tx, "Glow EMR", "dev@emr.example.com", actor="test", now=told.now())
        )
        await subscribe(glow_emr, gone.url)
        await fail_at(told, glow_emr, 1)
    assert await told_owners(owner) == [OPERATOR, "dev@emr.example.com"]


async def test_the_owner_is_told_the_cause_that_was_kept_with_the_endpoint(glow_emr: Client, told: House) -> None:
    async with receiver(fail_first(9, status=410)) as gone, post_office() as office:
        await subscribe(glow_emr, gone.url)
        await fail_at(told, glow_emr, 0)
        await told.system.unscoped_row("delete from delivery_tries")  # whose log may be long, and is not looked through
        await send_messages_due(served_by(told, mail=office.url))
    (mail,) = (mail for mail in office.mails if "switched off" in mail["Subject"])
    assert "it answered 410 Gone" in body_of(mail, "plain")


async def test_five_days_of_nothing_but_failure_switch_it_off(
    glow_emr: Client, told: House, owner: asyncpg.Connection
) -> None:
    async with receiver(fail_first(99)) as failing:
        await subscribe(glow_emr, failing.url)
        await fail_at(told, glow_emr, 0, 2, 4.99)
        assert (await endpoint(told))["switched_off_at"] is None
        assert await told_owners(owner) == []
        await fail_at(told, glow_emr, 5.01)
        row = await endpoint(told)
        assert row["switched_off_at"] is not None
        assert row["switched_off_because"].startswith("nothing but failures since ")
        assert row["switched_off_because"].endswith(" UTC; the last: HTTP 500")
        assert await told_owners(owner) == [OPERATOR]
        assert await send_due(later(told, days=9)) == 0


async def test_one_good_answer_begins_the_five_days_anew(glow_emr: Client, told: House) -> None:
    async def respond(number: int) -> object:
        return await fail_first(99 if number != 2 else 0)(number)

    async with receiver(respond) as wavering:  # type: ignore[arg-type]
        await subscribe(glow_emr, wavering.url)
        await fail_at(told, glow_emr, 0)
        await send_due(later(told, days=3))  # the second request: answered well
        await fail_at(told, glow_emr, 4, 6)
        assert (await endpoint(told))["switched_off_at"] is None


async def test_it_is_off_and_told_together_or_not_at_all(
    glow_emr: Client, told: House, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fall_over(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(messages, "tell_owner_switched_off", fall_over)
    async with receiver(fail_first(9, status=410)) as gone:
        await subscribe(glow_emr, gone.url)
        await fail_at(told, glow_emr, 0)
        assert (await endpoint(told))["switched_off_at"] is None
        assert await owner.fetchval("select count(*) from delivery_tries") == 0
        monkeypatch.undo()
        assert await send_due(later(told, seconds=30)) == 1  # the lease ran out
    assert (await endpoint(told))["switched_off_at"] is not None
    assert await told_owners(owner) == [OPERATOR]


async def test_a_late_word_switches_nothing_off(glow_emr: Client, told: House, owner: asyncpg.Connection) -> None:
    async with receiver(fail_first(9, status=410)) as gone:
        await subscribe(glow_emr, gone.url)
        await make_visit(glow_emr, status="Completed")
        taken = "update deliveries set lease = gen_random_uuid() where lease is not null"
        await owner.execute(
            f"create function take() returns trigger language plpgsql as $$ begin {taken}; return null; end $$"
        )
        await owner.execute(
            "create trigger take after update of lease on deliveries for each statement when (pg_trigger_depth() = 0) "
            "execute function take()"
        )
        await send_due(told)
    assert len(gone.received) == 1
    assert (await endpoint(told))["switched_off_at"] is None
    assert await told_owners(owner) == []


async def test_switched_on_again_it_goes_on_where_it_stood(glow_emr: Client, told: House) -> None:
    partner = await registry.get_partner(told.system, "Glow EMR")
    async with receiver(fail_first(1)) as wavering:
        await subscribe(glow_emr, wavering.url)
        await fail_at(told, glow_emr, 0)
        by: dict[str, Any] = {"actor": "cli:test", "now": told.now()}
        assert await told.system.write((), lambda tx: endpoints.switch_off(tx, partner, None, **by)) == ["api"]
        assert await told.system.write((), lambda tx: endpoints.switch_off(tx, partner, "api", **by)) == []
        assert (await endpoint(told))["switched_off_because"] == "switched off by cli:test"
        await make_visit(glow_emr, status="Completed")
        assert await send_due(later(told, days=1)) == 0
        (was,) = await told.system.write((), lambda tx: endpoints.switch_on(tx, partner, None, **by))
        assert (was.name, was.missed, was.waiting) == ("api", 1, 1)
        assert await told.system.write((), lambda tx: endpoints.switch_on(tx, partner, None, **by)) == []
        row = await endpoint(told)
        assert (row["switched_off_at"], row["switched_off_because"], row["failing_since"]) == (None, None, None)
        assert await send_due(later(told, days=1)) == 1
    states = {row["delivered_at"] is not None for row in await queries.list_deliveries(told.system, None, limit=9)}
    assert states == {True, False}
