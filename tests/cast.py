"""The play's cast: `glow`, a practice; `rival`, another; their EMRs; `ana`, a patient. And what they may order."""

from typing import Any

import asyncpg
from client import Client

from openmedspa.app import open_house
from openmedspa.kit.db import Database
from openmedspa.partners import keys
from openmedspa.partners import queries as partners
from openmedspa.practices import queries as practices
from openmedspa.settings import Settings
from openmedspa.treatments import queries as treatments
from openmedspa.treatments.shapes import Treatment

TREATMENTS = [
    Treatment("treatment_001", "Botox Injection", "toxin", aliases=["Botox"]),
    Treatment("treatment_002", "Dermal Filler", "filler", aliases=["Filler"]),
    Treatment("treatment_003", "Chemical Peel", "peel", aliases=["Peel"]),
    Treatment("treatment_004", "Lip Filler", "filler", min_age=21),
]


PARTNER_SCOPES = [scope for scope in keys.SCOPES if scope != "Exams"]


class Cast:
    GLOW = "loc_glow"
    GLOW_SECOND = "loc_glow2"
    RIVAL = "loc_rival"
    GLOW_KEY = keys.with_checksum("oms_test_" + "GlowEmr".ljust(30, "1"))
    RIVAL_KEY = keys.with_checksum("oms_test_" + "RivalEmr".ljust(30, "1"))
    NARROW_KEY = keys.with_checksum("oms_test_" + "NarrowEmr".ljust(30, "1"))  # GLOW only, of both locations
    SCOPELESS_KEY = keys.with_checksum("oms_test_" + "ScopelessEmr".ljust(30, "1"))  # no `Exams`
    REVOKED_KEY = keys.with_checksum("oms_test_" + "RevokedEmr".ljust(30, "1"))
    EXPIRED_KEY = keys.with_checksum("oms_test_" + "ExpiredEmr".ljust(30, "1"))
    LIVE_KEY = keys.with_checksum("oms_live_" + "GlowEmr".ljust(30, "1"))
    PARTNER_KEY = keys.with_checksum("oms_test_" + "GlowPartner".ljust(30, "1"))  # every scope of /v1, at `glow`
    PROSPECTS_KEY = keys.with_checksum("oms_test_" + "GlowProspects".ljust(30, "1"))  # `Prospects` alone, at `glow`
    RIVAL_PARTNER_KEY = keys.with_checksum("oms_test_" + "RivalPartner".ljust(30, "1"))  # every scope, at `rival`
    UNKNOWN_KEY = keys.with_checksum("oms_test_" + "Nobody".ljust(30, "1"))


async def cast_the_play(settings: Settings) -> None:
    """Everybody of the cast, in a migrated database."""
    async with open_house(settings) as house:
        db = house.system
        for treatment in TREATMENTS:
            await treatments.upsert_treatment(db, treatment)
        await _practice(db, "GlowOffice", Cast.GLOW, Cast.GLOW_SECOND)
        await _practice(db, "RivalOffice", Cast.RIVAL)
        glow, rival = [(await partners.insert_partner(db, name))["id"] for name in ("Glow EMR", "Rival EMR")]
        for location in (Cast.GLOW, Cast.GLOW_SECOND):
            await partners.insert_grant(db, glow, location)
        await partners.insert_grant(db, rival, Cast.RIVAL)
        await _key(db, glow, Cast.GLOW_KEY)
        await _key(db, rival, Cast.RIVAL_KEY)
        await _key(db, glow, Cast.NARROW_KEY, location_ids=[Cast.GLOW])
        await _key(db, glow, Cast.SCOPELESS_KEY, scopes=["Prospects"])
        await _key(db, glow, Cast.REVOKED_KEY)
        await _key(db, glow, Cast.EXPIRED_KEY)
        glow_partner, rival_partner = [
            (await partners.insert_partner(db, name))["id"] for name in ("Glow Partner", "Rival Partner")
        ]
        await partners.insert_grant(db, glow_partner, Cast.GLOW)
        await partners.insert_grant(db, rival_partner, Cast.RIVAL)
        await _key(db, glow_partner, Cast.PARTNER_KEY, scopes=PARTNER_SCOPES)
        await _key(db, glow_partner, Cast.PROSPECTS_KEY, scopes=["Prospects"])
        await _key(db, rival_partner, Cast.RIVAL_PARTNER_KEY, scopes=PARTNER_SCOPES)
        await db.unscoped_row(
            "update api_keys set revoked_at = now() where key_sha256 = $1", keys.digest(Cast.REVOKED_KEY)
        )
        await db.unscoped_row(
            "update api_keys set expires_at = now() - interval '1 second' where key_sha256 = $1",
            keys.digest(Cast.EXPIRED_KEY),
        )


async def _practice(db: Database, ppass: str, *locations: str) -> None:
    practice = await practices.insert_practice(db, ppass=ppass, name=ppass, time_zone="America/Los_Angeles")
    for location in locations:
        await practices.insert_location(db, practice["id"], location, name=location, state="CA")
    await treatments.replace_favourites(db, [practice["id"]], practice["id"], ["treatment_002", "treatment_001"])


async def _key(
    db: Database, partner_id: int, key: str, *, scopes: list[str] | None = None, location_ids: list[str] | None = None
) -> None:
    await partners.insert_key(
        db, partner_id, name="test", key_sha256=keys.digest(key), prefix=key[:12], last_four=key[-4:],
        scopes=scopes or ["Exams"], location_ids=location_ids, expires_at=None, per_second=0,
    )  # fmt: skip


# A health fact like no other word: wherever it turns up that no health fact belongs, a test fails (canaries.py).
ALLERGY = "canary-7f3a-latex"
INTAKE = [{"question": "allergies", "answer": {"selected": "yes", "items": [ALLERGY]}}]
ANA = {"first_name": "Ana", "last_name": "Lopez", "email": "ana.lopez@example.com", "phone": "+12025550123"}


def at_home(**changes: Any) -> dict[str, Any]:
    """A valid at-home order for Ana; `patient` changes her details, a value of None leaves a field out."""
    patient = {**ANA, **changes.pop("patient", {})}
    order = {
        "patient_details": {field: value for field, value in patient.items() if value is not None},
        "location_id": Cast.GLOW,
        "appointment_time": 1640995200,
        "requested_treatments": ["Botox Injection", "Dermal Filler"],
        "intake_answers": INTAKE,
        **changes,
    }
    return {field: value for field, value in order.items() if value is not None}


def in_person(**changes: Any) -> dict[str, Any]:
    """A valid in-person order for Ana."""
    details = {"first_name": "Ana", "last_name": "Lopez", "dob": "10/27/1990", **changes.pop("patient", {})}
    order = {
        "patient_details": {field: value for field, value in details.items() if value is not None},
        "location_id": Cast.GLOW,
        "requested_treatments": ["Botox Injection"],
        "intake_answers": INTAKE,
        **changes,
    }
    return {field: value for field, value in order.items() if value is not None}


async def make_visit(emr: Client, *, status: str = "Processing", **changes: Any) -> str:
    """A visit at home in the given status, brought there by the API's own calls where there are any."""
    answer = await emr.post("/emr/appointments", at_home(**changes))
    assert answer.status == 201, answer.json
    gfe_id: str = answer.json["gfe_id"]
    await bring_to(emr, gfe_id, status)
    return gfe_id


async def bring_to(emr: Client, gfe_id: str, status: str) -> None:
    calls: dict[str, tuple[str, Any]] = {
        "Scheduled": ("schedule", {"time": 1900000000}),
        "Not Completed": ("no-show", None),
        "Completed": ("outcome", {"approved": ["Botox Injection"], "deferred": ["Dermal Filler"]}),
    }
    steps = {"Pending Review": "in_exam", "Cancelled": "cancelled_by_patient", "Rejected": "ineligible"}
    if status in calls:
        name, body = calls[status]
        answer = await emr.post(f"/emr/staging/visits/{gfe_id}/{name}", body)
        assert answer.status == 200, answer.json
    elif status == "Cancelled by client":
        assert (await emr.patch(f"/emr/appointments/{gfe_id}/cancel")).status == 200
    elif status in steps:
        await emr.house.system.unscoped_row("update visits set step = $2 where gfe_id = $1", gfe_id, steps[status])


async def turn_to_production(owner: asyncpg.Connection) -> None:
    """This database becomes production's, and `glow` has a key for it."""
    await owner.execute("update installation set environment = 'production'")
    await owner.execute(
        """
        insert into api_keys (partner_id, name, key_sha256, prefix, last_four, scopes)
        select partner_id, 'live', $1, 'oms_live_', '1111', '{Exams}' from api_keys where key_sha256 = $2
        """,
        keys.digest(Cast.LIVE_KEY),
        keys.digest(Cast.GLOW_KEY),
    )
