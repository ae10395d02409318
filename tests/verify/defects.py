"""What a server can get wrong, one thing at a time, and which checks must see it: none may be left out."""

# ruff: noqa: E501 - a table reads line by line

from verify import hooks
from verify import misread as read
from verify.spoiler import Defect, bare, changed
from verify.spoils import (
    accepts,
    alone,
    any_reply,
    body_first,
    cancelling,
    field,
    header,
    in_the_other_season,
    in_utc,
    iso_dob,
    listed,
    location_first,
    no_past,
    not_cancelled,
    ordered,
    path_first,
    patient,
    plain_type_only,
    said_anew,
    small_bodies,
    staging,
    status,
    swapped,
    visits,
    when,
    worded,
    written,
)

ACCEPTS = (
    "errors.too-large errors.other-content-type errors.broken-json errors.not-an-object errors.invalid-utf-8 errors.nul "
    "errors.lone-surrogate errors.nonsense at-home-fields.needs-* at-home-fields.*-bad at-home-fields.time-in-mill* "
    "at-home-fields.treatments-empty at-home-fields.treatments-not-texts at-home-fields.treatment-unknown "
    "at-home-fields.unknown-field at-home-fields.location-of-another-kind at-home-fields.refused-in-whole "
    "in-person-fields.needs-* in-person-fields.dob-of-another-form in-person-fields.dob-not-* "
    "in-person-fields.dob-in-the-future in-person-fields.dob-too-long-ago in-person-fields.contact-bad "
    "in-person-fields.treatments-empty intake.words intake.lists intake.question-* intake.refused-in-person "
    "cancel.completed cancel.twice cancel.in-person show.include-unknown list.status-unknown list.limit-bad "
    "list.cursor-bad treatments.favourites-need-a-location treatments.type-unknown subscriptions.location-missing "
    "subscriptions.location-empty subscriptions.*-kind subscriptions.unknown-field webhooks.url-* "
    "webhooks.unknown-field idempotency.cancel idempotency.other-body idempotency.other-path "
    "idempotency.refusal-keeps-nothing idempotency.key-bad staging.outcome-decides-* staging.outcome-unknown-treatment "
    "staging.ended staging.time-bad"
)
NAMED = (
    "at-home-fields.needs-* at-home-fields.*-bad at-home-fields.treatments-empty at-home-fields.unknown-field "
    "in-person-fields.needs-* in-person-fields.dob-of-* in-person-fields.contact-bad intake.question-* list.limit-bad "
    "subscriptions.unknown-field staging.time-bad errors.body-before-location at-home-fields.treatment-unknown "
    "at-home-fields.time-in-milliseconds"
)
ORDERED = "at-home.works in-person.works at-home.shown in-person.shown cancel.works list.pages"
VISITS = "at-home.shown in-person.shown show.completed show.open show.decisions"

# fmt: off
DEFECTS = [
    # Who may enter
    Defect("lets any key in", "authentication.key-unknown authentication.key-malformed authentication.key-ended"
           " authentication.key-of-* authentication.scope-missing authentication.key-narrowed", request=read.any_key),
    Defect("says otherwise that the key is missing", "authentication.key-missing authentication.every-call-asks"
           " authentication.key-before-*", reply=worded("API key is missing", "No key")),
    Defect("says otherwise that the key is wrong", "authentication.key-unknown authentication.key-malformed"
           " authentication.key-ended authentication.key-of-*", reply=worded("Forbidden: Invalid API key.", "Bad key")),
    Defect("says nothing of the other environment", "authentication.key-of-*",
           reply=when(lambda _, reply: reply.status == 401, field(message=None))),
    Defect("adds a message to every 401", "authentication.key-missing authentication.key-unknown",
           reply=when(lambda _, reply: reply.status == 401, field(message="Who are you?"))),
    Defect("reads the key's header in small letters only", "authentication.header-in-any-case",
           request=read.small_header_only),
    Defect("looks at the path before the key", "authentication.key-before-path", reply=path_first),
    Defect("looks at the body before the key", "authentication.key-before-body", reply=body_first),
    # What no door understands
    Defect("names /emr in an unknown path", "errors.unknown-path errors.path-before-body",
           reply=worded("EMR endpoint /", "EMR endpoint /emr/")),
    Defect("answers an unknown path in HTML", "errors.unknown-path errors.json-everywhere",
           reply=when(lambda asked, _: bare(asked) == "/invalid-path",
                      lambda reply: header("Content-Type", "text/html")(reply._replace(body=b"<p>Not found</p>")))),
    Defect("leaves Allow out", "errors.wrong-method", reply=when(any_reply, header("Allow", None))),
    Defect("answers another method with 404", "errors.wrong-method", reply=status(405, 404)),
    Defect("looks at the location before the body", "errors.body-before-location", reply=location_first),
    Defect("takes small bodies only", "errors.large-enough", reply=small_bodies),
    Defect("knows one content type to the letter", "errors.content-type-with-charset", reply=plain_type_only),
    Defect("forgets X-Request-Id", "errors.request-id", reply=when(any_reply, header("X-Request-Id", None))),
    Defect("gives one X-Request-Id to all", "errors.request-id", reply=when(any_reply, header("X-Request-Id", "1"))),
    Defect("leaves X-Request-Id out of refusals", "errors.request-id",
           reply=when(lambda _, reply: reply.status >= 400, header("X-Request-Id", None))),
    Defect("calls its JSON text", "errors.json-everywhere", reply=when(any_reply, header("Content-Type", "text/plain"))),
    Defect("accepts what is wrong", ACCEPTS, reply=accepts),
    Defect("breaks on what is wrong", ACCEPTS, reply=when(
        lambda _, reply: reply.status in {400, 409, 413, 415},
        lambda reply: reply.saying({"success": False, "error": "Internal server error"}, 500))),
    Defect("does not say which field is wrong", NAMED, reply=when(
        lambda _, reply: reply.status == 400, lambda reply: reply.saying({"success": False, "error": "Bad input"}))),
    Defect("puts its refusals into `detail`", f"{NAMED} errors.broken-json errors.nonsense", reply=when(
        lambda _, reply: reply.status >= 400, lambda reply: reply.saying({"detail": reply.json["error"]}))),
    # Orders
    Defect("adds a field to what it answers to an order", ORDERED, reply=when(ordered, field(status="Processing"))),
    Defect("answers an order with 200", ORDERED, reply=status(201, 200)),
    Defect("leaves `success` out", "at-home.works in-person.works", reply=when(ordered, field(success=None))),
    Defect("gives no link in person", "in-person.works", reply=when(ordered, field(visit_link=None))),
    Defect("gives two ids in person", "in-person.works", reply=when(ordered, field(visit_id="gfe_other"))),
    Defect("numbers its visits", "at-home.ids-cannot-be-guessed", reply=when(
        ordered, lambda reply: reply.saying({**reply.json, "gfe_id": reply.json["gfe_id"][:12]}))),
    Defect("says 404 for what is another's", "at-home.location-foreign in-person.location-foreign cancel.foreign"
           " show.foreign list.location-foreign treatments.location-foreign subscriptions.location-foreign"
           " staging.foreign authentication.key-narrowed", reply=status(403, 404)),
    Defect("says 403 for what does not exist", "at-home.location-unknown in-person.location-unknown cancel.unknown"
           " show.unknown list.location-unknown treatments.location-unknown subscriptions.location-unknown"
           " staging.unknown", reply=status(404, 403)),
    Defect("words a foreign location otherwise", "*.location-foreign", reply=worded("for this location", "here")),
    Defect("words a foreign visit otherwise", "*.foreign", reply=worded("to access this GFE", "to access it")),
    Defect("words an unknown visit otherwise", "*.unknown", reply=worded("GFE not found", "Visit not found")),
    Defect("words an unknown location otherwise", "*.location-unknown", reply=worded("ocation not found", "ocation?")),
    Defect("refuses what is well", "at-home-fields.phone-with-* at-home-fields.time-in-the-past intake.all-four"
           " intake.none intake.unknown-fields in-person-fields.unknown-fields", reply=when(
               ordered, lambda reply: reply.saying({"success": False, "error": "No"}, 400))),
    Defect("refuses the past", "at-home-fields.time-in-the-past at-home.works", reply=no_past),
    Defect("keeps the treatments as they were written", "at-home-fields.treatments-in-* at-home-fields.treatments-by-*"
           " at-home-fields.treatments-twice", reply=alone(lambda visit: {**visit, "requested_treatments": ["botox"]})),
    Defect("offers other treatments than the nearest", "at-home-fields.treatment-unknown",
           reply=worded("Did you mean Botox Injection", "Did you mean Semaglutide")),
    Defect("says nothing of milliseconds", "at-home-fields.time-in-milliseconds", reply=worded("milliseconds", "much")),
    Defect("cuts names", "at-home-fields.names-of-100 at-home.shown",
           reply=alone(lambda visit: patient(first_name=visit["patient_details"]["first_name"][:50] + "…")(visit))),
    Defect("keeps what it refuses", "at-home-fields.refused-in-whole", request=read.kept_though_refused,
           reply=when(ordered, lambda reply: reply.saying({"success": False, "error": "appointment_time"}, 400))),
    Defect("shows a date of birth as ISO 8601", "in-person.shown in-person-fields.dob-with-* "
           "in-person-fields.dob-too-long-ago in-person-fields.dob-not-* list.holds-new-visits", reply=alone(iso_dob)),
    Defect("forgets the e-mail of a patient in person", "in-person-fields.contact-is-optional at-home.shown",
           reply=alone(patient(email=""))),
    Defect("does not say which answer is wrong", "intake.words intake.lists intake.question-* intake.refused-*",
           reply=worded("intake_answers[", "answers[")),
    # Cancelling
    Defect("adds `success` to a cancel", "cancel.works cancel.scheduled cancel.not-completed",
           reply=when(cancelling, field(success=True))),
    Defect("spells it Canceled", "cancel.works cancel.shown cancel.scheduled cancel.not-completed cancel.twice",
           reply=written("Cancelled", "Canceled")),
    Defect("shows a cancelled visit as before", "cancel.shown", reply=visits(not_cancelled)),
    Defect("does not name the status", "cancel.completed cancel.twice staging.ended",
           reply=lambda asked, reply: reply.saying({"success": False, "error": "No"}) if reply.status == 400 else reply),
    Defect("does not say that it is in person", "cancel.in-person", reply=worded("In-person visits", "These visits")),
    Defect("cancels although it refuses", "cancel.completed cancel.in-person",
           reply=visits(lambda visit: {**visit, "status": "Cancelled"})),
    # Visits and lists
    Defect("adds a field to a visit", f"{VISITS} list.works list.holds-new-visits list.decisions",
           reply=visits(lambda visit: {**visit, "location_id": "loc_12345"})),
    Defect("leaves the name out", f"{VISITS} list.works list.holds-new-visits", reply=visits(patient(name=None))),
    Defect("has another word for Processing", "at-home.shown show.open list.works cancel.in-person staging.outcome-decides-all",
           reply=visits(lambda visit: {**visit, "status": visit["status"].replace("Processing", "Open")})),
    Defect("leaves empty lists out", "show.completed show.decisions list.works",
           reply=visits(lambda visit: {name: value for name, value in visit.items() if value != []})),
    Defect("shows an outcome before there is one", "show.open",
           reply=visits(lambda visit: {"approved_treatments": [], **visit})),
    Defect("mixes the lists up", "show.outcome staging.last-name-approve staging.last-name-defer staging.last-name-mixed",
           reply=visits(swapped)),
    Defect("gives the moment in UTC", "show.completed show.pacific-time list.works", reply=visits(in_utc)),
    Defect("has the other season's offset", "show.pacific-time", reply=visits(in_the_other_season)),
    Defect("always adds the decisions", "show.completed show.open list.works",
           reply=visits(lambda visit: {"decisions": [], **visit})),
    Defect("never adds the decisions", "show.decisions list.decisions", reply=visits(lambda visit: changed(visit, decisions=None))),
    Defect("lists the oldest first", "list.newest-first list.pages",
           reply=listed(lambda body: {**body, "gfes": body["gfes"][::-1]})),
    Defect("counts one too many", "list.works list.pages list.by-status list.decisions list.last-page",
           reply=listed(lambda body: {**body, "count": body["count"] + 1})),
    Defect("leaves the location out of a list", "list.works", reply=listed(lambda body: changed(body, location_id=None))),
    Defect("lists the newest later", "list.holds-new-visits list.newest-first",
           reply=listed(lambda body: {**body, "gfes": body["gfes"][40:], "count": max(0, len(body["gfes"]) - 40)})),
    Defect("lists all locations", "list.only-this-location", request=read.one_location),
    Defect("does not look at ?status", "list.by-status list.status-unknown", request=read.without_query("status")),
    Defect("does not look at ?limit", "list.limit-bad list.pages", request=read.without_query("limit")),
    Defect("does not look at ?after", "list.cursor-bad list.pages", request=read.without_query("after")),
    Defect("links to a next page that is not there", "list.last-page",
           reply=when(any_reply, header("Link", '</emr/gfes/x?limit=1&after=x>; rel="next"'))),
    # Treatments, subscriptions, the webhook's URL
    Defect("says `success` with the treatments", "treatments.works treatments.favourites", reply=when(
        lambda asked, reply: bare(asked) == "/treatments" and reply.status == 200, field(success=True))),
    Defect("lists a treatment twice", "treatments.works", reply=when(
        lambda asked, reply: asked.path == "/treatments" and reply.status == 200,
        lambda reply: reply.saying({"data": reply.json["data"] * 2}))),
    Defect("knows favourites outside the catalogue", "treatments.favourites", reply=when(
        lambda asked, reply: "type=favorites" in asked.path and reply.status == 200,
        lambda reply: reply.saying({**reply.json, "data": [{"id": "t", "name": "Tea"}]}))),
    Defect("gives everything as favourites", "treatments.favourites treatments.favourites-need-* treatments.type-unknown"
           " treatments.location-*", request=read.without_query("type")),
    Defect("says that all is new", "subscriptions.works",
           reply=written("Already subscribed to this", "Successfully subscribed to")),
    Defect("answers 201 to what is set", "subscriptions.works webhooks.works staging.schedule staging.no-show"
           " staging.outcome staging.outcome-in-person idempotency.subscription",
           reply=lambda asked, reply: reply._replace(status=201) if asked.method == "POST" and reply.status == 200 else reply),
    Defect("words Bad Request otherwise", "subscriptions.location-missing subscriptions.location-empty webhooks.url-missing"
           " webhooks.url-bad webhooks.url-unwanted", reply=worded("Bad Request", "Invalid request")),
    # Webhooks
    Defect("sends no webhooks", "deliveries.comes deliveries.only-completed", request=read.other_url, patience=1.5),
    Defect("adds a field to the webhook", "deliveries.comes deliveries.says-*", webhook=hooks.adding(kind="at_home")),
    Defect("sends seconds", "deliveries.timestamp", webhook=hooks.in_seconds),
    Defect("sends a form", "deliveries.headers", webhook=hooks.headed({"Content-Type": "text/plain"})),
    Defect("has another User-Agent", "deliveries.headers", webhook=hooks.headed({"User-Agent": "curl/8"})),
    Defect("has another header secret", "deliveries.header-secret", webhook=hooks.headed({"X-Webhook-Secret": "x"})),
    Defect("leaves the headers out", "deliveries.header-secret deliveries.x-signature deliveries.standard-*"
           " deliveries.id-of-its-own", webhook=hooks.bare),
    Defect("signs with another key", "deliveries.x-signature deliveries.standard-signature",
           webhook=hooks.headed({"X-Signature": "ab" * 32, "webhook-signature": "v1,AAAA"})),
    Defect("changes the body after signing", "deliveries.x-signature deliveries.standard-signature", webhook=hooks.rewritten),
    Defect("sends an old moment", "deliveries.standard-headers", webhook=hooks.headed({"webhook-timestamp": "1600000000"})),
    Defect("has one webhook-id for all", "deliveries.id-of-its-own", webhook=hooks.headed({"webhook-id": "evt_1"})),
    Defect("has another webhook-id at each try", "deliveries.again-when-refused", webhook=hooks.with_new_id, patience=9),
    Defect("does not try again", "deliveries.again-when-refused", tries_once=True, patience=7),
    Defect("sends what was cancelled", "deliveries.only-completed", tells_of_cancels=True),
    # Who is who, once, and staging
    Defect("knows nobody again", "matching.at-home-by-email matching.in-person-by-birthday", request=read.strangers),
    Defect("takes namesakes for one", "matching.*-another-*", request=read.namesakes),
    Defect("forgets Idempotency-Key", "idempotency.at-home idempotency.in-person idempotency.cancel"
           " idempotency.other-body idempotency.other-path idempotency.at-once idempotency.key-bad",
           request=read.without_idempotency),
    Defect("replays the effect and says so otherwise", "idempotency.subscription", reply=said_anew),
    Defect("has one Idempotency-Key for all", "idempotency.other-key", request=read.one_key()),
    Defect("keeps the key of what it refused", "idempotency.refusal-keeps-nothing", reply=when(
        ordered, lambda reply: reply.saying({"success": False, "error": "This key was used"}, 409))),
    Defect("has no effect in staging", "staging.schedule staging.no-show staging.outcome staging.outcome-in-person"
           " staging.last-name-*", reply=visits(lambda visit: {**visit, "status": "Processing"}), patience=1),
    Defect("says nothing of the status in staging", "staging.schedule staging.no-show staging.outcome",
           reply=when(staging, field(status=None))),
    Defect("does half of what it refuses", "staging.outcome-decides-all",
           reply=visits(lambda visit: {**visit, "status": "Completed"})),
]
# fmt: on
