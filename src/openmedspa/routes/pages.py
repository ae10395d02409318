"""Every page of the product: method, path, door, who may open it, the form that it takes."""

from openmedspa.kit.pages import Anybody, Page, Visitor
from openmedspa.notifications import api as sms
from openmedspa.partners.keys import Environment
from openmedspa.portals.access import pages as access
from openmedspa.portals.admin import activity, deliveries, keys, messages, overview, partners, requests, usage
from openmedspa.portals.docs.api import Books
from openmedspa.portals.entries import Members, Operators
from openmedspa.portals.partner import activity as own_activity
from openmedspa.portals.partner import deliveries as own_deliveries
from openmedspa.portals.partner import keys as own_keys
from openmedspa.portals.partner import overview as own_overview
from openmedspa.portals.partner import usage as own_usage
from openmedspa.portals.patient import pages as patient
from openmedspa.portals.patient.entry import VisitLink
from openmedspa.portals.sign_in import pages as sign_in
from openmedspa.portals.staging import look, outbox
from openmedspa.routes.documents import exam_document, partner_document
from openmedspa.usage import metrics

ANYBODY, VISITOR = Anybody(), Visitor()
VIEWER, ADMIN_ONLY, VIEWER_LIVE = Operators(), Operators("admin"), Operators(is_live=True)
MEMBER, MEMBER_LIVE = Members(), Members(is_live=True)
SMS_CARRIER = sms.SmsCarrier()
SCRAPER = metrics.Scraper()
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
    Page("GET",  "/admin",                            overview.show,      VIEWER, scripts=True),
    Page("GET",  "/admin/usage.csv",                  usage.export,       VIEWER),
    Page("GET",  "/admin/activity",                   activity.list_,     VIEWER, scripts=True),
    Page("GET",  "/admin/activity.csv",               activity.export,    VIEWER),
    Page("GET",  "/admin/activity/live",              activity.follow,    VIEWER_LIVE),
    Page("GET",  "/admin/activity/{request_id}",      activity.show,      VIEWER, scripts=True),
    Page("GET",  "/admin/partners",                   partners.list_,     VIEWER, scripts=True),
    Page("POST", "/admin/partners",                   partners.create,    ADMIN_ONLY, scripts=True),
    Page("GET",  "/admin/partners.csv",               partners.export,    VIEWER),
    Page("GET",  "/admin/partners/{partner_id}",      partners.show,      VIEWER, scripts=True),
    Page("POST", "/admin/partners/{partner_id}",      partners.change,    ADMIN_ONLY, scripts=True),
    Page("POST", "/admin/partners/{partner_id}/grant",    partners.grant,    ADMIN_ONLY, scripts=True),
    Page("POST", "/admin/partners/{partner_id}/withdraw", partners.withdraw, ADMIN_ONLY),
    Page("POST", "/admin/partners/{partner_id}/switch",   partners.switch,   ADMIN_ONLY),
    Page("GET",  "/admin/keys",                       keys.list_,         VIEWER, scripts=True),
    Page("POST", "/admin/keys",                       keys.create,        ADMIN_ONLY, scripts=True),
    Page("GET",  "/admin/keys.csv",                   keys.export,        VIEWER),
    Page("GET",  "/admin/keys/{key_id}",              keys.show,          VIEWER, scripts=True),
    Page("POST", "/admin/keys/{key_id}/rotate",       keys.rotate,        ADMIN_ONLY, scripts=True),
    Page("POST", "/admin/keys/{key_id}/revoke",       keys.revoke,        ADMIN_ONLY),
    Page("POST", "/admin/keys/{key_id}/limit",        keys.limit,         ADMIN_ONLY, scripts=True),
    Page("GET",  "/admin/requests",                   requests.list_,     VIEWER, scripts=True),
    Page("GET",  "/admin/requests.csv",               requests.export,    VIEWER),
    Page("GET",  "/admin/requests/{request_id}",      requests.show,      VIEWER, scripts=True),
    Page("POST", "/admin/requests/{request_id}/approve", requests.approve, ADMIN_ONLY, scripts=True),
    Page("POST", "/admin/requests/{request_id}/deny", requests.deny,      ADMIN_ONLY, scripts=True),
    Page("GET",  "/admin/deliveries",                 deliveries.list_,   VIEWER, scripts=True),
    Page("GET",  "/admin/deliveries.csv",             deliveries.export,  VIEWER),
    Page("GET",  "/admin/deliveries/{event_id}",      deliveries.show,    VIEWER, scripts=True),
    Page("POST", "/admin/deliveries/{event_id}/replay", deliveries.replay, ADMIN_ONLY),
    Page("GET",  "/admin/messages",                   messages.list_,     VIEWER, scripts=True),
    Page("GET",  "/admin/messages.csv",               messages.export,    VIEWER),
    Page("POST", "/admin/messages/{message_id}/resend", messages.resend,  ADMIN_ONLY),
]

# What a partner sees of itself.
PARTNER: list[Page] = [
    Page("GET",  "/partner",                        own_overview.show,     MEMBER, scripts=True),
    Page("GET",  "/partner/usage.csv",              own_usage.export,      MEMBER),
    Page("GET",  "/partner/activity",               own_activity.list_,    MEMBER, scripts=True),
    Page("GET",  "/partner/activity.csv",           own_activity.export,   MEMBER),
    Page("GET",  "/partner/activity/live",          own_activity.follow,   MEMBER_LIVE),
    Page("GET",  "/partner/activity/{request_id}",  own_activity.show,     MEMBER, scripts=True),
    Page("GET",  "/partner/keys",                   own_keys.list_,        MEMBER, scripts=True),
    Page("GET",  "/partner/keys.csv",               own_keys.export,       MEMBER),
    Page("GET",  "/partner/deliveries",             own_deliveries.list_,  MEMBER, scripts=True),
    Page("GET",  "/partner/deliveries.csv",         own_deliveries.export, MEMBER),
    Page("GET",  "/partner/deliveries/{event_id}",  own_deliveries.show,   MEMBER, scripts=True),
    Page("POST", "/partner/deliveries/{event_id}/replay", own_deliveries.replay, MEMBER),
]

# Asking for a key, and the links that go out about it.
ACCESS: list[Page] = [
    Page("GET",  "/request-access",          access.show_form,     VISITOR),
    Page("POST", "/request-access",          access.ask,           VISITOR),
    Page("GET",  "/access/{token}/confirm",  access.show_confirm,  VISITOR),
    Page("POST", "/access/{token}/confirm",  access.confirm,       VISITOR),
    Page("GET",  "/access/{token}/key",      access.show_key,      VISITOR),
    Page("POST", "/access/{token}/key",      access.take_key,      VISITOR),
    Page("GET",  "/access/{token}/decision", access.show_decision, VISITOR),
    Page("POST", "/access/{token}/decision", access.decide,        VISITOR),
]

# What carriers and Prometheus call: no pages, and no API of ours.
HOOKS: list[Page] = [
    Page("GET",  "/metrics",          metrics.show,     SCRAPER),
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
