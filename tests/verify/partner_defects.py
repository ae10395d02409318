"""What a partner API can get wrong, one thing at a time, and which checks must see it: none may be left out."""

# ruff: noqa: E501 - a table reads line by line

from verify import misread as read
from verify import partner_spoils as spoil
from verify import schedule_spoils as diary
from verify.spoiler import Defect, bare, changed
from verify.spoils import any_reply, header, status, when

WRONG = (400, 409, 413, 415, 422)
PEOPLE = ("/prospects", "/prospects/")
REFUSED = (
    "tokens.key-needed refusals.broken-json refusals.not-an-object refusals.unknown-field refusals.all-at-once "
    "refusals.query-bad refusals.other-content-type refusals.too-large refusals.nonsense prospects.name-* "
    "prospects.read-only prospects.once fields.gender fields.lifestage fields.type fields.prospect fields.dob "
    "fields.provider-unknown fields.too-long fields.kinds tags.name-* products.rows-needed products.atomic "
    "knowledge.values-bad tickets.words tickets.of-a-status tickets.fields-bad me.read-only me.values-bad tags.unknown "
    "isolation.tags availability.*-bad booking.*-bad holds.fields-bad booking.once-only booking.one-winner "
    "booking.not-offered booking.moved-onto-another booking.replayed holds.keeps-others-out holds.not-offered "
    "availability.minutes-of-a-type"
)
NAMED = (
    "tokens.key-needed refusals.unknown-field refusals.all-at-once refusals.query-bad prospects.name-needed "
    "prospects.read-only fields.gender fields.dob fields.provider-unknown fields.kinds tags.name-bad "
    "products.rows-needed knowledge.values-bad tickets.words tickets.fields-bad me.read-only me.values-bad "
    "availability.*-bad availability.minutes-of-a-type booking.*-bad holds.fields-bad isolation.providers"
)
ENTERED = (
    "tokens.key-unknown tokens.key-ended tokens.key-of-* tokens.one-refusal tokens.every-call-asks tokens.token-* "
    "tokens.other-schemes"
)
FORBIDDEN = (
    "scopes.products scopes.kb scopes.tickets scopes.providers scopes.visits scopes.patients-are-named "
    "scopes.scope-before-body isolation.paths "
    "isolation.unknown-practice isolation.practice-before-body"
)
MISSING = (
    "refusals.unknown-path refusals.id-* *.unknown tags.deleted isolation.people isolation.tags isolation.tickets "
    "scopes.patients-are-hidden tokens.practice-in-any-case isolation.providers isolation.visits holds.booked "
    "holds.released"
)
FORMS = "prospects.created-form prospects.list-form tags.works knowledge.list-form knowledge.shown tickets.opened tickets.list-form me.form availability.providers-form availability.provider-as-listed availability.schedule availability.checked availability.slots-form availability.next-slot-form booking.works holds.works"

# fmt: off
DEFECTS = [
    # Refusals
    Defect("accepts what is wrong", REFUSED, reply=spoil.accepted(*WRONG)),
    Defect("breaks on what is wrong", REFUSED, reply=spoil.broken(*WRONG)),
    Defect("does not say which field is wrong", NAMED, reply=when(spoil.faults(422), spoil.fault(fields=None))),
    Defect("puts its refusals into `detail`", f"{NAMED} {ENTERED} {FORBIDDEN} refusals.broken-json", reply=when(
        lambda _, reply: reply.status >= 400, lambda reply: reply.saying({"detail": reply.json["error"]["message"]}))),
    Defect("lets anybody in", ENTERED, reply=spoil.accepted(401)),
    Defect("says 403 to strangers", ENTERED, reply=status(401, 403)),
    Defect("forbids nothing", FORBIDDEN, reply=spoil.accepted(403)),
    Defect("says 404 for what is forbidden", FORBIDDEN, reply=status(403, 404)),
    Defect("has everything", MISSING, reply=spoil.accepted(404)),
    Defect("says 403 for what is not there", MISSING, reply=status(404, 403)),
    Defect("does not name the scope", "scopes.products scopes.kb scopes.tickets scopes.providers scopes.visits scopes.patients-are-named",
           reply=when(spoil.faults(403), spoil.fault(message="No"))),
    Defect("answers another method with 404", "refusals.wrong-method", reply=status(405, 404)),
    Defect("leaves Allow out", "refusals.wrong-method", reply=when(any_reply, header("Allow", None))),
    Defect("calls its JSON text", "refusals.json-everywhere", reply=when(any_reply, header("Content-Type", "text/plain"))),
    Defect("forgets X-Request-Id", "refusals.request-id", reply=when(any_reply, header("X-Request-Id", None))),
    Defect("gives one X-Request-Id to all", "refusals.request-id", reply=when(any_reply, header("X-Request-Id", "1"))),
    Defect("explains no refusal", "refusals.help", reply=when(any_reply, header("Link", None))),
    Defect("says nothing of its limits", "limits.told limits.wrong-calls-count",
           reply=when(any_reply, header("RateLimit-Remaining", None))),
    Defect("keeps to no draft", "limits.draft", reply=when(any_reply, header("RateLimit-Policy", "100"))),
    # Tokens
    Defect("adds a field to the token", "tokens.works", reply=when(
        lambda asked, reply: asked.path.endswith("/auth/token") and reply.status == 200,
        lambda reply: reply.saying({**reply.json, "refreshToken": "x"}))),
    Defect("issues tokens that open nothing", "tokens.opens tokens.another-each-time", reply=spoil.token(lambda _: "a.b.c")),
    Defect("signs by another way", "tokens.is-a-jwt", reply=spoil.token(spoil.part(0, alg="RS256"))),
    Defect("issues tokens without an end", "tokens.claims", reply=spoil.token(spoil.part(1, exp=None))),
    Defect("issues tokens for a year", "tokens.claims", reply=spoil.token(spoil.part(1, exp=4e9))),
    Defect("says nothing of its key", "tokens.claims", reply=spoil.token(spoil.part(0, kid=None))),
    Defect("issues one token for all", "tokens.another-each-time", reply=spoil.token(spoil.one_for_all())),
    Defect("knows its practices to the letter", "tokens.practice-in-any-case", request=lambda asked: asked._replace(
        path=asked.path.replace("/dEMO", "/dX"))),
    Defect("tells which practices there are", "tokens.one-refusal", reply=when(
        lambda asked, reply: "Nowhere" in asked.path, spoil.fault(message="There is no such practice"))),
    Defect("wants Bearer to the letter", "tokens.scheme-in-any-case", request=spoil.with_authorization(
        lambda value: value if value.startswith("Bearer ") else "")),
    Defect("does not say what it wants", "tokens.challenge", reply=when(any_reply, header("WWW-Authenticate", None))),
    Defect("looks at the path before the token", "tokens.token-before-path", reply=when(
        lambda asked, _: bare(asked) == "/invalid-path", lambda reply: reply._replace(status=404))),
    # People
    Defect("adds a field to what it answers", FORMS, reply=spoil.records(
        lambda one: {**one, "practice_id": 1}, *PEOPLE, "/tags", "/kb", "/kb/", "/tickets", "/me",
        "/availability/providers", diary.PROVIDER, diary.SCHEDULE, diary.CHECK, diary.SLOTS, diary.NEXT, "/visits", "/holds")),
    Defect("answers 200 to what it makes", "prospects.created-form prospects.full-name prospects.doubles tags.works"
           " tickets.opened tickets.comment-form isolation.doubles booking.works holds.works", reply=status(201, 200)),
    Defect("leaves fields out that nobody gave", "prospects.created-form prospects.list-form", reply=spoil.records(
        lambda one: {name: value for name, value in one.items() if value is not None}, *PEOPLE)),
    Defect("writes all in capitals", "prospects.created fields.names fields.contact fields.address fields.shipping"
           " fields.about fields.rest fields.gender fields.lifestage fields.type fields.texts prospects.full-name"
           " prospects.changed prospects.two-at-once scopes.prospects", reply=spoil.records(spoil.shouted, *PEOPLE)),
    Defect("tidies texts", "fields.texts fields.phones prospects.created prospects.emptied fields.rest fields.contact",
           reply=spoil.records(spoil.trimmed, *PEOPLE)),
    Defect("shows another than it made", "prospects.shown", reply=spoil.records(
        lambda one: {**one, "UpdatedAt": "2020-01-01T00:00:00Z"}, "/prospects/", methods="GET")),
    Defect("does not flag", "prospects.created-form fields.prospect", reply=spoil.records(
        lambda one: {**one, "Prospect": 0}, *PEOPLE)),
    Defect("flags everybody", "scopes.patients-open-everybody fields.prospect", reply=spoil.records(
        lambda one: {**one, "Prospect": 1}, *PEOPLE)),
    Defect("changes nothing", "prospects.changed prospects.emptied prospects.two-at-once fields.names fields.address"
           " search.changes-are-found scopes.prospects", request=spoil.nothing_said),
    Defect("forgets what a change does not name", "prospects.left-alone", reply=spoil.records(
        lambda one: {**one, "City": None, "Notes": None}, "/prospects/", methods="PUT")),
    Defect("keeps what it refuses", "prospects.name-stays", reply=spoil.records(
        lambda one: {**one, "City": "Nowhere"}, "/prospects/", methods="GET")),
    Defect("lists nobody", "prospects.listed prospects.pages prospects.flagged prospects.not-flagged"
           " prospects.updated-since products.listed products.works products.of-a-vendor products.changed knowledge.listed"
           " knowledge.searched knowledge.of-a-category tickets.listed tickets.list-form tickets.of-a-status search.by-*"
           " search.exact-first search.misspelt scopes.patients-open-everybody tags.works tags.filtered tags.list-by-pages"
           " products.searched availability.providers availability.providers-form availability.provider-as-listed", reply=when(
               lambda asked, reply: asked.method == "GET" and reply.status == 200 and b'"pagination"' in reply.body,
               lambda reply: reply.saying({**reply.json, "data": []}))),
    Defect("says nothing of its pages", "prospects.list-form prospects.page-beyond products.list-form knowledge.list-form"
           " tickets.list-form search.only-who-fits products.many tags.works", reply=when(
               lambda asked, reply: asked.method == "GET" and reply.status == 200,
               lambda reply: reply.saying(changed(reply.json, pagination=None)))),
    Defect("counts wrong", "prospects.list-form search.only-who-fits products.many", reply=when(
        lambda asked, reply: b'"pagination"' in reply.body, lambda reply: reply.saying(
            {**reply.json, "pagination": {**reply.json["pagination"], "total": 9_000}}))),
    Defect("does not look at ?limit", "prospects.pages refusals.query-bad tags.list-by-pages tickets.list-form"
           " products.list-form", request=read.without_query("limit")),
    Defect("does not look at ?page", "prospects.pages prospects.page-beyond refusals.query-bad", request=read.without_query("page")),
    Defect("does not look at ?prospect", "prospects.flagged prospects.not-flagged", request=read.without_query("prospect")),
    Defect("does not look at ?updatedSince", "prospects.updated-since", request=read.without_query("updatedSince")),
    Defect("does not look at ?tagId", "tags.filtered tags.unknown", request=read.without_query("tagId")),
    Defect("names no doubles", "prospects.doubles", reply=when(any_reply, header("X-Possible-Duplicates", None))),
    Defect("names everybody a double", "isolation.doubles", reply=spoil.names_everybody()),
    Defect("forgets Idempotency-Key", "prospects.once booking.replayed", request=read.without_idempotency),
    # Search
    Defect("finds everybody", "search.only-who-fits search.wildcards-are-letters products.searched knowledge.searched",
           request=read.without_query("search")),
    Defect("finds whole words of this case only", "search.by-email", reply=spoil.found_by(lambda text, person: text in person)),
    Defect("finds names only", "search.by-email search.by-phone search.by-phone-in-other-forms",
           reply=spoil.found_by(lambda text, _: not any(sign in text for sign in "@0123456789"))),
    Defect("finds numbers as they were written only", "search.by-phone-in-other-forms search.misspelt",
           reply=spoil.found_by(lambda text, person: text.casefold() in person.casefold())),
    Defect("finds the nearest last", "search.exact-first", reply=when(
        lambda asked, _: bool(spoil.searched(asked)), lambda reply: reply.saying({**reply.json, "data": reply.json["data"][::-1]}))),
    Defect("finds what was", "search.changes-are-found", request=spoil.nothing_said),
    Defect("finds first names of one letter", "search.by-name", reply=spoil.found_by(lambda text, _: " " not in text)),
    Defect("breaks on a quote", "search.nonsense knowledge.nonsense", reply=when(
        lambda asked, _: "search=%27" in asked.path, lambda reply: reply._replace(status=500))),
    # Tags
    Defect("puts no tag on anybody", "tags.assigned tags.assigned-twice tags.renamed tags.taken-off", reply=spoil.records(
        lambda one: {**one, "Tags": []}, *PEOPLE)),
    Defect("puts a tag on twice", "tags.assigned-twice tags.assigned", reply=spoil.records(
        lambda one: {**one, "Tags": one["Tags"] * 2}, *PEOPLE)),
    Defect("renames no tag", "tags.renamed", request=spoil.ignored("PUT", "/tags/")),
    Defect("takes no tag off and releases nothing", "tags.taken-off tags.deleted holds.released holds.booked",
           request=lambda asked: asked._replace(path="/me", method="GET") if asked.method == "DELETE" else asked),
    Defect("opens no tags to prospectors", "scopes.tags-and-me", reply=when(
        lambda asked, _: spoil.place(asked) == "/tags", lambda reply: reply._replace(status=403))),
    # Availability
    Defect("shows another provider", "availability.provider availability.provider-as-listed", reply=spoil.records(
        lambda one: {**one, "id": one["id"] + 1}, diary.PROVIDER)),
    Defect("counts visits wrong", "availability.schedule availability.schedule-of-a-type", reply=spoil.records(
        lambda one: {**one, "totalVisits": one["totalVisits"] + 1}, diary.SCHEDULE)),
    Defect("shows days without visits", "availability.schedule", reply=spoil.records(
        lambda one: {**one, "schedule": {**one["schedule"], "2026-03-10": []}}, diary.SCHEDULE)),
    Defect("does not look at ?visitType", "availability.schedule-of-a-type availability.minutes-of-a-type"
           " availability.references-bad", request=read.without_query("visitType")),
    Defect("counts slots wrong", "availability.slots-form", reply=spoil.records(
        lambda one: {**one, "Count": one["Count"] + 1}, diary.SLOTS)),
    Defect("lists slots backwards", "availability.slots-form availability.next-is-first", reply=diary.slots(lambda times: times[::-1])),
    Defect("writes the next slot's provider as a number", "availability.next-slot-form", reply=diary.the_next(
        lambda slot: {**slot, "ProviderID": int(slot["ProviderID"])})),
    Defect("looks a month ahead", "availability.next-slot-of-a-year availability.next-slot-form", reply=spoil.records(
        lambda one: {**one, "SearchWindowDays": 30}, diary.NEXT)),
    Defect("offers what it does not take", "availability.offered-is-available", reply=diary.slots(
        lambda times: sorted({*times, "12:34:00"}) if times else times)),
    Defect("has time for nobody", "availability.offered-is-available availability.next-within-its-window booking.moved booking.cancelled",
           reply=diary.checked(Available=False, Reason="No.")),
    Defect("has time for everybody", "availability.not-offered-is-not-available availability.past-is-not-offered"
           " booking.takes-the-slot booking.moved booking.moved-onto-another holds.hides-the-slot",
           reply=diary.checked(Available=True, Reason=None)),
    Defect("does not say why not", "availability.not-offered-is-not-available availability.past-is-not-offered"
           " booking.takes-the-slot booking.moved holds.hides-the-slot", reply=diary.checked(Reason=None)),
    Defect("skips the first slot", "availability.next-is-first", reply=diary.the_next(diary.a_day_later)),
    Defect("does not look at ?maxDays", "availability.next-slot-form"
           " availability.numbers-bad", request=read.without_query("maxDays")),
    Defect("never finds nothing", "availability.next-within-its-window", reply=spoil.records(
        lambda one: {**one, "TheNextSlot": one["TheNextSlot"] or {"ProviderID": "1", "Date": "2026-03-10", "Time": "09:00:00"}},
        diary.NEXT)),
    Defect("offers the past", "availability.past-is-not-offered availability.next-is-first",
           reply=diary.slots(lambda times: times or ["09:00:00"])),
    # Booking
    Defect("shows another visit than it booked", "booking.shown booking.moved booking.moved-onto-another booking.changes-bad"
           " isolation.visits", reply=spoil.records(lambda one: {**one, "Notes": "?"}, "/visits/", methods="GET")),
    Defect("books another than was asked", "booking.works holds.booked", reply=spoil.records(
        lambda one: {**one, "Time": "03:00:00"}, "/visits")),
    Defect("closes early", "booking.every-slot", reply=diary.closed_from("12:00:00")),
    Defect("offers what it has booked and held", "booking.takes-the-slot booking.moved booking.moved-onto-another"
           " holds.hides-the-slot holds.booked isolation.visits", reply=diary.offers_what_it_offered()),
    Defect("gives no time back", "booking.moved booking.cancelled holds.released", reply=diary.gives_no_time_back()),
    Defect("has an empty schedule", "booking.stands-in-the-schedule booking.once-only booking.moved", reply=spoil.records(
        lambda one: {**one, "schedule": {}, "totalVisits": 0}, diary.SCHEDULE)),
    Defect("moves and cancels nothing", "booking.moved booking.cancelled booking.noted booking.changes-bad"
           " booking.moved-onto-another", request=spoil.ignored("PATCH", "/visits/")),
    Defect("spells it Canceled", "booking.cancelled", reply=spoil.records(
        lambda one: {**one, "Status": one["Status"].replace("ll", "l")}, "/visits/")),
    Defect("forgets what a change of a visit does not name", "booking.noted", reply=spoil.records(
        lambda one: {**one, "TreatmentIDs": ["?"]}, "/visits/", methods="PATCH")),
    Defect("holds for an hour", "holds.five-minutes", reply=spoil.records(
        lambda one: {**one, "ExpiresAt": "2999-01-01T00:00:00Z"}, "/holds")),
    Defect("shows holds in the schedule", "holds.is-no-visit", reply=diary.shows_holds()),
    Defect("knows no HoldID", "holds.booked", request=diary.without_hold),
    # Products
    Defect("writes prices as text", "products.works products.changed products.prices-exact", reply=spoil.records(
        lambda one: {**one, "RetailPrice": str(one["RetailPrice"])}, "/products", methods="GET")),
    Defect("rounds prices", "products.works products.prices-exact", reply=spoil.records(
        lambda one: {**one, "RetailPrice": round(one["RetailPrice"])}, "/products", methods="GET")),
    Defect("counts all as created", "products.counted products.twice-in-one", reply=spoil.records(
        lambda one: {**one, "created": one["created"] + 1, "updated": 0, "unchanged": 0}, "/products", methods="POST")),
    Defect("says nothing of bad rows", "products.bad-rows products.twice-in-one", reply=spoil.records(
        lambda one: {**one, "failed": []}, "/products", methods="POST")),
    Defect("writes half of what it refuses", "products.atomic", request=read.without_query("atomic")),
    Defect("does not look at ?vendorCode", "products.of-a-vendor products.many", request=read.without_query("vendorCode")),
    # Knowledge base, tickets, me
    Defect("does not look at ?category", "knowledge.of-a-category", request=read.without_query("category")),
    Defect("does not look at ?type", "knowledge.of-a-category", request=read.without_query("type")),
    Defect("changes no article and no ticket", "knowledge.changed tickets.changed tickets.plural tickets.words",
           request=spoil.ignored("PUT", "/kb/", "/ticket/", "/tickets/")),
    Defect("has one spelling", "tickets.plural", reply=when(
        lambda asked, _: spoil.place(asked) == "/tickets/", lambda reply: reply._replace(status=404))),
    Defect("shows no comments", "tickets.commented tickets.comment-form", reply=spoil.records(
        lambda one: {**one, "Comments": []}, "/ticket/")),
    Defect("shows another ticket", "tickets.shown", reply=spoil.records(lambda one: {**one, "Body": "?"}, "/ticket/")),
    Defect("does not look at ?status", "tickets.of-a-status", request=read.without_query("status")),
    Defect("shows the profile without `data`", "me.works", reply=spoil.answers(lambda body: body["data"], "/me")),
    Defect("shows keys in full", "me.form", reply=spoil.records(
        lambda one: {**one, "Keys": [{**key, "Prefix": f"{key['Prefix']}#"} for key in one["Keys"]]}, "/me")),
    Defect("changes no profile", "me.changes me.leaves-the-rest", request=spoil.ignored("PATCH", "/me"),
           reply=spoil.records(lambda one: {**one, "Website": "https://x.example.com"}, "/me")),
]
# fmt: on
