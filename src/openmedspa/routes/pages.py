"""Every page of the product: method, path, door, who may open it, the form that it takes."""

from openmedspa.kit.pages import Anybody, Page
from openmedspa.notifications import api as sms
from openmedspa.partners.keys import Environment
from openmedspa.portals.docs.api import Books
from openmedspa.portals.patient import pages as patient
from openmedspa.portals.patient.entry import VisitLink
from openmedspa.portals.staging import outbox
from openmedspa.routes.documents import exam_document, partner_document

ANYBODY = Anybody()
SMS_CARRIER = sms.SmsCarrier()
OPERATOR = outbox.Operator()
LINK = VisitLink()
BOOKS = Books(exam=exam_document, partner=lambda _environment, server: partner_document(server))

# fmt: off
PATIENT: list[Page] = [
    Page("GET",  "/visit/{token}",          patient.open_visit,    LINK),
    Page("GET",  "/visit/{token}/schedule", patient.open_schedule, LINK),
    Page("POST", "/visit/{token}/confirm",  patient.confirm,       LINK),
    Page("GET",  "/visit/{token}/confirm",  patient.look_again,    LINK),
    Page("POST", "/visit/{token}/answers",  patient.save_answers,  LINK),
    Page("GET",  "/visit/{token}/answers",  patient.look_again,    LINK),
]

DOCS: list[Page] = [
    Page("GET", "/docs",             BOOKS.index,             ANYBODY),
    Page("GET", "/docs.md",          BOOKS.index_as_markdown, ANYBODY),
    Page("GET", "/docs/console",     BOOKS.console,           ANYBODY, scripts=True),
    Page("GET", "/docs/partner-console", BOOKS.partner_console, ANYBODY, scripts=True),
    Page("GET", "/docs/{page:path}", BOOKS.show,              ANYBODY),
    Page("GET", "/llms.txt",         BOOKS.list_for_models,   ANYBODY),
]

# What carriers call: no pages, and no API of ours.
HOOKS: list[Page] = [
    Page("POST", "/hooks/sms",        sms.hear_reply,  SMS_CARRIER, sms.Reply),
    Page("POST", "/hooks/sms/status", sms.hear_status, SMS_CARRIER, sms.Status),
]

# In production these paths do not exist.
STAGING: list[Page] = [
    Page("GET", "/staging/outbox",                   outbox.list_,     OPERATOR),
    Page("GET", "/staging/outbox/{message_id}",      outbox.show,      OPERATOR),
    Page("GET", "/staging/outbox/{message_id}/html", outbox.show_html, OPERATOR),
]
# fmt: on


def page_table(environment: Environment) -> list[Page]:
    """The table of this environment."""
    pages = PATIENT + DOCS + HOOKS
    return pages if environment == "production" else pages + STAGING
