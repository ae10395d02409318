"""What a message says: rendered at sending from the row and the templates, kept nowhere. No health fact stands here."""

from urllib.parse import urlsplit

import jinja2
from msgspec import Struct

from openmedspa.exams.links import visit_link
from openmedspa.kit.house import House
from openmedspa.notifications.shapes import Message, plain

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
    }


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)
