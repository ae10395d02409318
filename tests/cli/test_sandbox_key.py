"""`keys create --staging`: from nothing to a key that can order, without asking anybody."""

import json

import asyncpg
from cast import ANA
from client import open_client

from openmedspa.settings import Settings

from .conftest import Prompt


async def test_one_command_gives_all_that_a_first_order_takes(desk: Prompt, settings: Settings) -> None:
    made = json.loads(desk("keys", "create", "--staging", "--json").out)
    assert set(made) == {"base_url", "api_key", "location_id", "partner", "ppass"}
    order = {
        "patient_details": ANA, "location_id": made["location_id"], "appointment_time": 1640995200,
        "requested_treatments": ["Botox Injection"],
    }  # fmt: skip
    async with open_client(settings, made["api_key"]) as emr:
        answer = await emr.post("/emr/appointments", order)
        assert answer.status == 201, answer.json
        assert (await emr.get("/emr/gfes/loc_glow")).status == 403  # a place of its own, and no other


async def test_everybody_who_asks_gets_a_place_of_their_own(desk: Prompt) -> None:
    first, second = (json.loads(desk("keys", "create", "--staging", "--json").out) for _ in range(2))
    assert not set(first.values()) & set(second.values()) - {first["base_url"]}


async def test_production_makes_none(desk: Prompt, owner: asyncpg.Connection) -> None:
    await owner.execute("update installation set environment = 'production'")
    ran = desk("keys", "create", "--staging")
    assert ran.code == 4
    assert "production" in ran.err and "--data-dir .data-staging" in ran.err
    assert await owner.fetchval("select count(*) from partners where name like 'Sandbox%'") == 0


def test_a_partner_and_the_switch_exclude_each_other(prompt: Prompt) -> None:
    for words in (["keys", "create"], ["keys", "create", "Glow EMR", "--staging"]):
        ran = prompt(*words)
        assert ran.code == 2
        assert "takes a PARTNER or --staging" in ran.err
