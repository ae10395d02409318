"""Every page of the product: method, path, door, who may open it, the form that it takes."""

from openmedspa.kit.pages import Anybody, Page, Visitor
from openmedspa.notifications import api as sms
from openmedspa.partners.keys import Environment
from openmedspa.portals.docs.api import Books
from openmedspa.portals.entries import Members, Operators
from openmedspa.portals.patient import pages as patient
from openmedspa.portals.patient.entry import VisitLink
from openmedspa.portals.sign_in import pages as sign_in
from openmedspa.portals.staging import look, outbox
from openmedspa.routes.documents import exam_document, partner_document

ANYBODY, VISITOR = Anybody(), Visitor()
VIEWER, ADMIN_ONLY, VIEWER_LIVE = Operators(), Operators("admin"), Operators(is_live=True)
MEMBER, MEMBER_LIVE = Members(), Members(is_live=True)
SMS_CARRIER = sms.SmsCarrier()
AT_THE_SERVER = outbox.AtTheServer()
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

SIGN_IN: list[Page] = [
    Page("GET",  "/admin/sign-in",               sign_in.show_admin,          VISITOR),
    Page("POST", "/admin/sign-in",               sign_in.sign_in_operator,    VISITOR),
    Page("POST", "/admin/sign-in/secret",        sign_in.sign_in_by_secret,   VISITOR),
    Page("POST", "/admin/sign-out",              sign_in.sign_out,            VIEWER),
    Page("POST", "/admin/sign-out-everywhere",   sign_in.sign_out_everywhere, VIEWER),
    Page("GET",  "/partner/sign-in",             sign_in.show_partner,        VISITOR),
    Page("POST", "/partner/sign-in",             sign_in.sign_in_partner,     VISITOR),
    Page("POST", "/partner/sign-out",            sign_in.sign_out,            MEMBER),
    Page("POST", "/partner/sign-out-everywhere", sign_in.sign_out_everywhere, MEMBER),
]

# What operators see and do.
ADMIN: list[Page] = [
]

# What a partner sees of itself.
PARTNER: list[Page] = [
]

# Asking for a key, and the links that go out about it.
ACCESS: list[Page] = [
]

# What carriers call: no pages, and no API of ours.
HOOKS: list[Page] = [
    Page("POST", "/hooks/sms",        sms.hear_reply,  SMS_CARRIER, sms.Reply),
    Page("POST", "/hooks/sms/status", sms.hear_status, SMS_CARRIER, sms.Status),
]

# In production these paths do not exist.
STAGING: list[Page] = [
    Page("GET", "/staging/look", look.show, ANYBODY, scripts=True),
    Page("GET", "/staging/outbox",                   outbox.list_,     AT_THE_SERVER),
    Page("GET", "/staging/outbox/{message_id}",      outbox.show,      AT_THE_SERVER),
    Page("GET", "/staging/outbox/{message_id}/html", outbox.show_html, AT_THE_SERVER),
]
# fmt: on


def page_table(environment: Environment) -> list[Page]:
    """The table of this environment."""
    pages = PATIENT + DOCS + SIGN_IN + ADMIN + PARTNER + ACCESS + HOOKS
    return pages if environment == "production" else pages + STAGING
