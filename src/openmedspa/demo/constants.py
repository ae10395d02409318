"""What is the same in every demo: the names, ids, keys and secrets that a README may print. Holds no code.

None of them is a secret: they stand in public code, load into a staging database only, and stay on loopback.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from openmedspa.exams.status import Step
from openmedspa.exams.wire import PREFIX
from openmedspa.partners import keys
from openmedspa.partners import wire as partner_wire

# What `demo --json` puts behind the server's address. The documents write `GET /treatments`, and a client of theirs
# changes base URL and key, nothing else: so its base URL ends in /emr.
EXAM_API_PATH = PREFIX
PARTNER_API_PATH = partner_wire.PREFIX
ADMIN_PATH, PARTNER_PAGE_PATH = "/admin", "/partner"

# Readable stems, so that a key found in a log or a screenshot is known for what it is.
DEMO_KEY = keys.with_checksum("oms_test_" + "DemoEmrKeyForTryingThingsOut".ljust(keys.RANDOM_LENGTH, "0"))
RIVAL_KEY = keys.with_checksum("oms_test_" + "RivalEmrKeyForTryingThingsOut".ljust(keys.RANDOM_LENGTH, "0"))
DEMO_PARTNER_KEY = keys.with_checksum("oms_test_" + "DemoPartnerKeyForTryingItOut".ljust(keys.RANDOM_LENGTH, "0"))
DEMO_NARROW_KEY = keys.with_checksum("oms_test_" + "DemoNarrowKeyForTryingItOut".ljust(keys.RANDOM_LENGTH, "0"))
RIVAL_PARTNER_KEY = keys.with_checksum("oms_test_" + "RivalPartnerKeyForTryingItOut".ljust(keys.RANDOM_LENGTH, "0"))
HEADER_SECRET = "DemoHeaderSecretForTryingThingsOut"  # noqa: S105 published on purpose
SIGNING_SECRET = "whsec_DemoWebhookSigningSecretForTryingThingsOut0="  # noqa: S105 base64 of 32 bytes
ADMIN_SECRET = "DemoAdminSecretForTryingThingsOut"  # noqa: S105 published on purpose
LISTEN_URL = "http://127.0.0.1:9000/"  # where `openmedspa listen` waits

LOCATION, SECOND_LOCATION, FOREIGN_LOCATION = "loc_12345", "loc_12346", "loc_67890"
TIME_ZONE, STATE = "America/Los_Angeles", "CA"
EXAM_GROUP, EXAM_GROUP_NAME = "ClearviewExams", "Clearview Telehealth Exams"
EXAM_LOCATION = "loc_24680"
PROVIDER = 1  # the documents'

DOCUMENTED_COMPLETED = "gfe_abc123xyz789"
DOCUMENTED_PROCESSING = "gfe_def456uvw012"
FOREIGN_GFE = "gfe_ghi789rst345"


class Place(Struct, frozen=True):
    """A location, and how many invented visits stand at which step there."""

    id: str
    name: str
    visits: Mapping[Step, int]


class PartnerKey(Struct, frozen=True):
    """A key of the partner API, and what it opens."""

    name: str
    key: str
    scopes: Sequence[str] = keys.SCOPES


class Tenant(Struct, frozen=True, kw_only=True):
    """A practice of the demo, with the EMR and the partner that serve it and nobody else."""

    ppass: str
    name: str
    places: list[Place]
    favourites: list[str]
    emr: str
    key: str
    partner: str
    partner_keys: list[PartnerKey]
    people: int  # fewer than visits: some come again


DEMO_OFFICE = Tenant(
    ppass="DemoOffice",
    name="Marrowby Skin & Laser",
    emr="Demo EMR",
    key=DEMO_KEY,
    partner="Larkspur Front Desk",
    partner_keys=[
        PartnerKey("demo partner", DEMO_PARTNER_KEY),
        PartnerKey("demo prospects only", DEMO_NARROW_KEY, ["Prospects"]),
    ],
    people=130,
    favourites=["Botox Injection", "Dermal Filler", "Chemical Peel", "Lip Filler", "Microneedling", "IPL Photofacial"],
    places=[
        Place(LOCATION, "Marrowby Pasadena", {  # the documents' two come on top
            Step.ORDERED: 14, Step.INTAKE_STARTED: 7, Step.INTAKE_DONE: 4, Step.WAITING: 3, Step.SCHEDULED: 12,
            Step.IN_EXAM: 3, Step.WRITING: 2, Step.SIGNED: 71, Step.MISSED: 7, Step.BROKEN_OFF: 3,
            Step.LINK_EXPIRED: 5, Step.CANCELLED_BY_CLIENT: 7, Step.CANCELLED_BY_PATIENT: 3,
            Step.CANCELLED_BY_PLATFORM: 2, Step.INELIGIBLE: 5,
        }),
        Place(SECOND_LOCATION, "Marrowby Long Beach", {
            Step.ORDERED: 4, Step.INTAKE_STARTED: 2, Step.SCHEDULED: 3, Step.IN_EXAM: 1, Step.SIGNED: 14,
            Step.MISSED: 2, Step.CANCELLED_BY_CLIENT: 2, Step.CANCELLED_BY_PATIENT: 1, Step.INELIGIBLE: 1,
        }),
    ],
)  # fmt: skip
RIVAL_OFFICE = Tenant(
    ppass="RivalOffice",
    name="Elmsworth Aesthetics",
    emr="Rival EMR",
    key=RIVAL_KEY,
    partner="Quillhaven Bookings",
    partner_keys=[PartnerKey("rival partner", RIVAL_PARTNER_KEY)],
    people=15,
    favourites=["Dysport", "Restylane", "Semaglutide"],
    places=[
        Place(FOREIGN_LOCATION, "Elmsworth San Diego", {
            Step.ORDERED: 3, Step.SCHEDULED: 2, Step.WRITING: 1, Step.SIGNED: 9, Step.MISSED: 2,
            Step.CANCELLED_BY_CLIENT: 1, Step.CANCELLED_BY_PLATFORM: 1, Step.INELIGIBLE: 1,
        }),
    ],
)  # fmt: skip
