"""What stands around every page of operators and partners: whose it is, where one is, what else there is. Pure."""

from collections.abc import Sequence

from msgspec import Struct

from openmedspa.accounts.shapes import Member, Operator
from openmedspa.kit.house import House

Section = tuple[str, str]  # address, title
ADMIN: Sequence[Section] = (
    ("/admin", "Overview"),
    ("/admin/activity", "Activity"),
    ("/admin/partners", "Partners"),
    ("/admin/keys", "Keys"),
    ("/admin/requests", "Requests"),
    ("/admin/deliveries", "Webhooks"),
    ("/admin/messages", "Messages"),
)
PARTNER: Sequence[Section] = (
    ("/partner", "Overview"),
    ("/partner/activity", "Calls"),
    ("/partner/keys", "Keys"),
    ("/partner/deliveries", "Webhooks"),
)


class Frame(Struct, frozen=True, kw_only=True):
    """`here` is the address of the section that the page belongs to."""

    home: str
    part: str
    product: str
    environment: str
    sections: Sequence[Section]
    here: str
    who: str
    role: str = ""


def frame(house: House, who: Operator | Member, here: str) -> Frame:
    """Of a page in that section, for whoever is signed in."""
    environment = "production" if house.is_production else "staging"
    if isinstance(who, Member):
        return Frame(
            home="/partner", part="for partners", product="OpenMedspa for partners", environment=environment,
            sections=PARTNER, here=here, who=who.partner, role=f"Signed in with the key “{who.key_name}”",
        )  # fmt: skip
    return Frame(
        home="/admin", part="admin", product="OpenMedspa admin", environment=environment, sections=ADMIN, here=here,
        who=who.name, role="Admin: sees and changes" if who.is_admin else "Viewer: sees, and changes nothing",
    )  # fmt: skip
