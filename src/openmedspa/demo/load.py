"""Loads the demo into a staging database, once. Never touches a production database."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib import resources

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from openmedspa import installation
from openmedspa.demo import access, constants, deliveries, partner_data, queries, schedules
from openmedspa.demo.constants import PartnerKey, Tenant
from openmedspa.demo.documents import DOCUMENTED, documented
from openmedspa.demo.people import Person, people
from openmedspa.demo.visits import Catalogue, Office, Patient, Visit, tell
from openmedspa.kit.crypto import Vault
from openmedspa.kit.db import SYSTEM_ROLE, Database, Tx, connect_pool
from openmedspa.kit.errors import Stopped
from openmedspa.kit.fresh import Fresh
from openmedspa.partners import keys
from openmedspa.partners import queries as partners
from openmedspa.practices import queries as practices
from openmedspa.settings import Settings
from openmedspa.treatments import queries as treatments
from openmedspa.treatments.shapes import Treatment
from openmedspa.webhooks import signing

SEED = 20_260_501  # the same people and visits in every demo; only their moments count back from now
Progress = Callable[[str], None]


class CatalogueFile(Struct, frozen=True):
    """The catalogue's file; what it says about itself is for its editors."""

    treatments: list[Treatment]


async def load(settings: Settings, progress: Progress = lambda _line: None) -> None:
    """Load the demo unless it is there. All of it or nothing: a kill on the way leaves a database to start anew with.

    1. One query finds a demo that is loaded, and that is all.
    2. The mark that loading began is committed by itself: `/readyz` says no from here on.
    3. One transaction, behind the lock on the installation's row, holds the rest; its last statement is the other mark.
    """
    await installation.require_ready(settings)
    async with opened(settings) as db:
        found = await queries.find_installation(db)
        _require_staging(found["environment"])
        if found["demo_loaded_at"] is not None:
            return
        _require_unused(is_in_use=found["is_in_use"])
        progress("Loading the demo.")
        now = datetime.now(UTC)
        await queries.update_loading(db, now)
        if await db.write([], lambda tx: _load(tx, Vault(settings.secret_key), now=now)):
            progress("The demo is loaded.")


def _require_staging(environment: str) -> None:
    if environment != "staging":
        raise Stopped(
            f"The demo does not load into a {environment} database: its keys are public.",
            "openmedspa serve --demo, with another DATABASE_URL or --data-dir",
            exit_code=4,
        )


def _require_unused(*, is_in_use: bool) -> None:
    """Somebody else's staging must not be opened by keys that everybody knows."""
    if is_in_use:
        raise Stopped(
            "The demo loads into a new database only, and this one holds practices or partners already.",
            "openmedspa serve --demo, with another DATABASE_URL or --data-dir",
            exit_code=4,
        )


async def _load(tx: Tx, vault: Vault, *, now: datetime) -> bool:
    """False if another process has loaded it in the meantime."""
    if (await queries.lock_installation(tx))["demo_loaded_at"] is not None:
        return False
    catalogue = await _load_catalogue(tx)
    demo_offices = await _load_tenant(tx, constants.DEMO_OFFICE, catalogue)
    rival_offices = await _load_tenant(tx, constants.RIVAL_OFFICE, catalogue)
    partners_there = [
        await _load_partner(tx, constants.DEMO_OFFICE, demo_offices[0].practice_id),
        await _load_partner(tx, constants.RIVAL_OFFICE, rival_offices[0].practice_id),
    ]
    exam_group_id = await _load_exam_group(tx)
    await _load_endpoint(tx, demo_offices[0], vault, now=now)
    exam_people = constants.DEMO_OFFICE.people + constants.RIVAL_OFFICE.people
    crowd = people(exam_people + sum(partner_data.PEOPLE.values()), seed=SEED)
    await _load_visits(tx, demo_offices, rival_offices, crowd[:exam_people], catalogue, now=now)
    practice_ids = {there.ppass: there.practice_id for there in partners_there} | {constants.EXAM_GROUP: exam_group_id}
    setting = schedules.Setting(practice_ids, {there.ppass: there.actor for there in partners_there}, catalogue)
    await schedules.load_staff(tx, setting, now=now)
    prospects = await partner_data.load(tx, partners_there, crowd[exam_people:], seed=SEED + 2, now=now)
    await schedules.load_bookings(tx, setting, prospects, seed=SEED + 3, now=now)
    await access.load(tx, demo_offices[0].practice_id, seed=SEED + 4, now=now)
    await _load_deliveries(tx, demo_offices, vault, now=now)
    loaded_at = datetime.now(UTC)
    emr_ids = [demo_offices[0].partner_id, rival_offices[0].partner_id]
    await partners.update_known(tx, [*emr_ids, *(there.partner_id for there in partners_there)], loaded_at)
    await queries.update_loaded(tx, loaded_at)
    return True


async def _load_catalogue(tx: Tx) -> Catalogue:
    """The catalogue as it is shipped, by name."""
    file = resources.files("openmedspa.treatments") / "catalogue.json"
    shipped = msgspec.json.decode(file.read_bytes(), type=CatalogueFile).treatments
    for treatment in shipped:
        await treatments.upsert_treatment(tx, treatment)
    return {treatment.name: treatment for treatment in shipped}


async def _load_tenant(tx: Tx, tenant: Tenant, catalogue: Catalogue) -> list[Office]:
    """The practice and its locations; its EMR, with a key, granted these locations and no other."""
    practice = await practices.insert_practice(tx, ppass=tenant.ppass, name=tenant.name, time_zone=constants.TIME_ZONE)
    practice_id, partner_id = practice["id"], (await partners.insert_partner(tx, tenant.emr))["id"]
    for place in tenant.places:
        await practices.insert_location(tx, practice_id, place.id, name=place.name, state=constants.STATE)
        await partners.insert_grant(tx, partner_id, place.id)
    favourites = [catalogue[name].id for name in tenant.favourites]
    await treatments.replace_favourites(tx, [practice_id], practice_id, favourites)
    key_id = await _load_key(tx, partner_id, PartnerKey("demo", tenant.key, ["Exams"]))
    return [Office(practice_id, place.id, partner_id, key_id, place.visits) for place in tenant.places]


async def _load_exam_group(tx: Tx) -> int:
    """A tenant of its own kind: its providers examine for the practices of the demo, and no partner serves it."""
    group = await practices.insert_practice(
        tx, ppass=constants.EXAM_GROUP, name=constants.EXAM_GROUP_NAME, time_zone=constants.TIME_ZONE, kind="exam_group"
    )
    await practices.insert_location(
        tx, group["id"], constants.EXAM_LOCATION, name=constants.EXAM_GROUP_NAME, state=constants.STATE
    )
    group_id: int = group["id"]
    return group_id


async def _load_partner(tx: Tx, tenant: Tenant, practice_id: int) -> partner_data.Place:
    """The practice's partner, with its keys, granted the same locations; the first key brings what is loaded."""
    partner_id: int = (await partners.insert_partner(tx, tenant.partner))["id"]
    for place in tenant.places:
        await partners.insert_grant(tx, partner_id, place.id)
    key_ids = [await _load_key(tx, partner_id, entry) for entry in tenant.partner_keys]
    return partner_data.Place(tenant.ppass, practice_id, partner_id, f"key:{key_ids[0]}")


async def _load_key(tx: Tx, partner_id: int, entry: PartnerKey) -> int:
    row = await partners.insert_key(
        tx, partner_id, name=entry.name, key_sha256=keys.digest(entry.key), prefix=entry.key[:12],
        last_four=entry.key[-4:], scopes=entry.scopes, location_ids=None, expires_at=None,
    )  # fmt: skip
    key_id: int = row["id"]
    return key_id


async def _load_endpoint(tx: Tx, office: Office, vault: Vault, *, now: datetime) -> None:
    """An endpoint with secrets that are known beforehand: `POST /emr/webhooks` sets its URL and keeps them.

    Its URL until then is one that nobody set, and `webhooks list` shows it; so it is switched off and subscribed to
    nothing, as if there were none.
    """
    await queries.insert_endpoint(
        tx,
        office.partner_id,
        url=constants.LISTEN_URL,
        header_secret_sealed=vault.seal(constants.HEADER_SECRET),
        signing_secret_sealed=vault.seal(constants.SIGNING_SECRET),
        api_key_id=office.key_id,
        api_key_sealed=vault.seal(constants.DEMO_KEY),
        now=now,
    )


async def _load_deliveries(tx: Tx, offices: list[Office], vault: Vault, *, now: datetime) -> None:
    """Webhooks that were sent before the demo began: all are over, and their endpoint is removed."""
    since, until = deliveries.lasted(now)
    places = [office.location_id for office in offices]
    signed = await queries.list_signed(
        tx, offices[0].practice_id, places, since=since, until=until, limit=deliveries.MOST
    )
    told = deliveries.tell(signed, seed=SEED + 5)
    await queries.insert_removed_endpoint(
        tx, constants.DEMO_OFFICE.partner, msgspec.json.encode(told).decode(), name=deliveries.NAME,
        url=deliveries.URL, signing_secret_sealed=vault.seal(signing.new_secret()), since=since, until=until,
    )  # fmt: skip


async def _load_visits(
    tx: Tx, demo_offices: list[Office], rival_offices: list[Office], crowd: list[Person], catalogue: Catalogue, *,
    now: datetime,
) -> None:  # fmt: skip
    """Ids for more patients than there are visits do no harm: a sequence has holes anyway."""
    count = sum(sum(office.visits.values()) for office in (*demo_offices, *rival_offices)) + DOCUMENTED
    patient_ids, visit_ids = map(iter, await queries.list_reserved_ids(tx, patients=count, visits=count))
    split = constants.DEMO_OFFICE.people
    casts = [(demo_offices, crowd[:split], SEED), (rival_offices, crowd[split:], SEED + 1)]
    told = [documented(demo_offices[0], catalogue, patient_ids=patient_ids, visit_ids=visit_ids, now=now)] + [
        tell(offices, cast, catalogue, seed=seed, patient_ids=patient_ids, visit_ids=visit_ids, now=now)
        for offices, cast, seed in casts
    ]
    rival_visits = told[-1][1]
    signed = next(index for index, visit in enumerate(rival_visits) if visit.decisions)
    rival_visits[signed] = replace(rival_visits[signed], gfe_id=constants.FOREIGN_GFE)
    await queries.insert_patients(tx, _json(patient for patients, _ in told for patient in patients))
    await queries.insert_visits(tx, _json(visit for _, visits in told for visit in visits))


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """One connection, as the role that sees all tenants; nothing is kept fresh in so short a life."""
    pool = await connect_pool(settings.database_url, role=SYSTEM_ROLE, size=1)
    try:
        yield Database(pool, Fresh())
    finally:
        await pool.close()


def _json(rows: Iterable[Patient | Visit]) -> str:
    return msgspec.json.encode(list(rows)).decode()
