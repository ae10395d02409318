"""What a message says: rendered at sending from the row and the templates, kept nowhere. No health fact stands here."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import jinja2
from msgspec import Struct

from openmedspa.exams.links import visit_link
from openmedspa.kit.house import House
from openmedspa.notifications.shapes import Message, plain
from openmedspa.partners.access_links import Purpose, access_link
from openmedspa.partners.access_shapes import CONFIRM_WITHIN, LINKS_LIVE, SCOPE_WORDS, is_owners

LONGEST_NAME = 100
LONGEST_NAME_IN_SMS = 60
OURSELVES = "OpenMedspa"  # who writes to an endpoint's owner
OWN_COLOUR = "#0f766e"
OPT_OUT = "Reply STOP to opt out"
SUBJECTS = {
    "invited": "Your online visit with {practice}",
    "cancelled": "{practice}: your online visit was cancelled",
    "completed": "{practice}: ready for you to see",
    "endpoint_switched_off": "Your webhooks to {host} are switched off",
    "access_confirm": "Confirm your request for access",
    "access_asked": "{company} asks for access",
    "access_owner": "May {company} work with {granted_practice}?",
    "access_answered": "The owner of {granted_practice} answered about {company}",
    "access_approved": "Your key is ready to be taken",
    "access_denied": "Your request for access was denied",
    "access_opened": "{company} has its key for {granted_practice}",
}
ACCESS_LINKS: Mapping[str, Purpose] = {
    "access_confirm": "confirm",
    "access_owner": "decision",
    "access_approved": "key",
}
TEXTS = {
    "invited": "{practice}: please complete your online visit: {link}",
    "cancelled": "{practice}: your online visit was cancelled.",
    "completed": "{practice}: ready for you to see: {link}",
}
_templates = jinja2.Environment(
    loader=jinja2.PackageLoader("openmedspa.notifications", "templates"),
    autoescape=jinja2.select_autoescape(["html"], default_for_string=True),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)


class Letter(Struct, frozen=True):
    """An e-mail's own words; its envelope and headers are the carrier's."""

    sender_name: str
    subject: str
    text: str
    html: str


def letter(house: House, message: Message) -> Letter:
    values = _values(house, message)
    subject = SUBJECTS[message.notice].format(**values)
    html = _templates.get_template(f"{message.notice}.html").render(values, subject=subject)
    text = _templates.get_template(f"{message.notice}.txt").render(values)
    return Letter(str(values["practice"]), subject, text, html)


def sms(house: House, message: Message) -> str:
    """One text, as short as it can be."""
    values = _values(house, message)
    values["practice"] = plain(message.practice or "", LONGEST_NAME_IN_SMS)
    return f"{TEXTS[message.notice].format(**values)} {OPT_OUT}"


def ink_on(colour: str) -> str:
    """Black or white, whichever reads better on this colour (WCAG relative luminance)."""
    red, green, blue = (_linear(int(colour[start : start + 2], 16) / 255) for start in (1, 3, 5))
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#000000" if (luminance + 0.05) ** 2 > 1.05 * 0.05 else "#ffffff"


def _values(house: House, message: Message) -> dict[str, object]:
    colour = message.colour or OWN_COLOUR
    link = visit_link(house, message.gfe_id, message.link_generation or 1) if message.gfe_id else ""
    return {
        "practice": plain(message.practice or OURSELVES, LONGEST_NAME),
        "colour": colour,
        "ink": ink_on(colour),
        "first_name": plain(message.first_name or "", LONGEST_NAME),
        "reply_to": message.reply_to,
        "link": link,
        "schedule_link": f"{link}/schedule",
        "host": plain(urlsplit(message.endpoint_url or "").hostname or ""),
        "switched_off_at": message.switched_off_at,
        "failing_since": message.failing_since,
        "cause": message.endpoint_cause,
        "public_url": house.public_url,
        **(_access_values(house, message) if message.access_id else {}),
    }


def _access_values(house: House, message: Message) -> dict[str, object]:
    """The links are made for whom the notice goes to, and for nobody else's eyes."""
    assert message.access_id is not None
    purpose: Purpose | None = ACCESS_LINKS.get(message.notice)
    link = access_link(house, purpose, message.access_id, message.approved_at) if purpose else ""
    return {
        "link": link or f"{house.public_url}/admin/requests/{message.access_id}",
        "company": plain(message.company or "", LONGEST_NAME),
        "asked_practice": plain(message.asked_practice or "", LONGEST_NAME),
        "granted_practice": plain(message.granted_practice or "", LONGEST_NAME),
        "contact": plain(message.contact or "", LONGEST_NAME),
        "contact_email": message.contact_email,
        "owner_name": plain(message.owner_name or "", LONGEST_NAME),
        "scopes": [(word, SCOPE_WORDS.get(word, "")) for word in message.granted_scopes or message.asked_scopes or ()],
        "other_scopes": ", ".join(message.other_scopes or ()),
        "is_agreed": message.owner_agreed_at is not None,
        "is_owners": is_owners(message.denied_by),
        "reason": plain(message.reason or "", 1_000),
        "confirm_days": CONFIRM_WITHIN.days,
        "link_days": LINKS_LIVE.days,
    }


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)
