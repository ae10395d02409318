"""Every URL of the partner API: method, path, door, which scope opens it, what goes in, what comes out."""

from msgspec.structs import replace

from openmedspa.catalog import api as catalog
from openmedspa.catalog.shapes import MOST_BYTES, ProductList, ProductQuery, ProductsIn, UpsertedOut, UpsertQuery
from openmedspa.kit.http import Open, Route
from openmedspa.knowledge import api as knowledge
from openmedspa.knowledge.shapes import ArticleIn, ArticleList, ArticleQuery, OneArticle
from openmedspa.partners import api as partners
from openmedspa.partners.access_shapes import AccessRequestIn, AccessRequestOut
from openmedspa.partners.bearer import Scopes
from openmedspa.partners.shapes import MeIn, MeOut, TokenIn, TokenOut
from openmedspa.partners.wire import NoQuery, PageQuery
from openmedspa.patients import api as patients
from openmedspa.patients.shapes import (
    OneProspect,
    OneTag,
    ProspectIn,
    ProspectList,
    ProspectsQuery,
    TagChoice,
    TagIn,
    TagList,
    TagsDeleted,
    TagsOfPerson,
)
from openmedspa.scheduling import api as scheduling
from openmedspa.scheduling.shapes import (
    BookingChange,
    BookingIn,
    CheckOut,
    CheckQuery,
    HoldIn,
    HoldReleased,
    NextSlotOut,
    NextSlotQuery,
    OneBooking,
    OneHold,
    OneProvider,
    ProviderList,
    ScheduleOut,
    ScheduleQuery,
    SlotsOut,
    SlotsQuery,
)
from openmedspa.tickets import api as tickets
from openmedspa.tickets.shapes import CommentIn, OneComment, OneTicket, TicketChange, TicketIn, TicketList, TicketQuery

ANY_TOKEN = Scopes()
PEOPLE = Scopes(("Prospects", "Patients"))
PRODUCTS = Scopes(("ProductPro.Products",))
KB = Scopes(("KB",))
TICKETS = Scopes(("Tickets",))
PROVIDERS = Scopes(("Providers",))
VISITS = Scopes(("Visits",))

# Global paths stand before those of a practice: no practice is called `me`.
# fmt: off
LINES = [
    Route("POST",  "/v1/{PPass}/auth/token", partners.issue_token, Open(),    body=TokenIn, answer=TokenOut),
    Route("POST",  "/v1/access-requests",    partners.ask_for_access, Open(), body=AccessRequestIn, answer=AccessRequestOut, status=202),
    Route("GET",   "/v1/me",                 partners.show_me,     ANY_TOKEN, answer=MeOut),
    Route("PATCH", "/v1/me",                 partners.change_me,   ANY_TOKEN, body=MeIn, answer=MeOut, finish=partners.tell_anew),

    Route("GET",  "/v1/products", catalog.list_products,    PRODUCTS, query=ProductQuery, answer=ProductList),
    Route("POST", "/v1/products", catalog.upsert_products,  PRODUCTS, query=UpsertQuery, body=ProductsIn, answer=UpsertedOut, body_limit=MOST_BYTES),
    Route("GET",  "/v1/kb",       knowledge.list_articles,  KB, query=ArticleQuery, answer=ArticleList),
    Route("GET",  "/v1/kb/{id}",  knowledge.show_article,   KB, answer=OneArticle),
    Route("PUT",  "/v1/kb/{id}",  knowledge.change_article, KB, body=ArticleIn, answer=OneArticle),

    Route("GET",    "/v1/{PPass}/prospects",      patients.list_prospects,  PEOPLE, query=ProspectsQuery, answer=ProspectList),
    Route("POST",   "/v1/{PPass}/prospects",      patients.create_prospect, PEOPLE, body=ProspectIn, answer=OneProspect, status=201, finish=patients.name_doubles),
    Route("GET",    "/v1/{PPass}/prospects/{id}", patients.show_prospect,   PEOPLE, answer=OneProspect),
    Route("PUT",    "/v1/{PPass}/prospects/{id}", patients.change_prospect, PEOPLE, body=ProspectIn, answer=OneProspect, finish=patients.look_again),
    Route("GET",    "/v1/{PPass}/tags",           patients.list_tags,       PEOPLE, query=PageQuery, answer=TagList),
    Route("POST",   "/v1/{PPass}/tags",           patients.create_tag,      PEOPLE, body=TagIn, answer=OneTag, status=201),
    Route("PUT",    "/v1/{PPass}/tags/{id}",      patients.rename_tag,      PEOPLE, body=TagIn, answer=OneTag),
    Route("DELETE", "/v1/{PPass}/tags/{id}",      patients.delete_tag,      PEOPLE, answer=TagsDeleted),
    Route("POST",   "/v1/{PPass}/tags/prospects/{id}",         patients.assign_tag,    PEOPLE, body=TagChoice, answer=TagsOfPerson, finish=patients.see_again),
    Route("DELETE", "/v1/{PPass}/tags/prospects/{id}/{tagId}", patients.take_tag,      PEOPLE, answer=TagsDeleted, finish=patients.see_again),
    Route("DELETE", "/v1/{PPass}/tags/prospects/{id}",         patients.take_all_tags, PEOPLE, answer=TagsDeleted, finish=patients.see_again),

    Route("GET",    "/v1/{PPass}/availability/providers",                scheduling.list_providers, PROVIDERS, query=PageQuery, answer=ProviderList),
    Route("GET",    "/v1/{PPass}/availability/providers/{id}",           scheduling.show_provider,  PROVIDERS, answer=OneProvider),
    Route("GET",    "/v1/{PPass}/availability/providers/{id}/schedule",  scheduling.show_schedule,  PROVIDERS, query=ScheduleQuery, answer=ScheduleOut),
    Route("GET",    "/v1/{PPass}/availability/providers/{id}/check",     scheduling.check_slot,     PROVIDERS, query=CheckQuery, answer=CheckOut),
    Route("GET",    "/v1/{PPass}/availability/providers/{id}/slots",     scheduling.list_slots,     PROVIDERS, query=SlotsQuery, answer=SlotsOut),
    Route("GET",    "/v1/{PPass}/availability/providers/{id}/next-slot", scheduling.find_next_slot, PROVIDERS, query=NextSlotQuery, answer=NextSlotOut),
    Route("POST",   "/v1/{PPass}/visits",      scheduling.book,           VISITS, body=BookingIn, answer=OneBooking, status=201),
    Route("GET",    "/v1/{PPass}/visits/{id}", scheduling.show_booking,   VISITS, answer=OneBooking),
    Route("PATCH",  "/v1/{PPass}/visits/{id}", scheduling.change_booking, VISITS, body=BookingChange, answer=OneBooking),
    Route("POST",   "/v1/{PPass}/holds",       scheduling.hold,           VISITS, body=HoldIn, answer=OneHold, status=201),
    Route("DELETE", "/v1/{PPass}/holds/{id}",  scheduling.release_hold,   VISITS, answer=HoldReleased),

    Route("GET",  "/v1/{PPass}/tickets",              tickets.list_tickets,      TICKETS, query=TicketQuery, answer=TicketList),
    Route("POST", "/v1/{PPass}/tickets",              tickets.open_ticket,       TICKETS, body=TicketIn, answer=OneTicket, status=201),
    Route("GET",  "/v1/{PPass}/ticket/{id}",          tickets.show_ticket,       TICKETS, answer=OneTicket),
    Route("PUT",  "/v1/{PPass}/ticket/{id}",          tickets.change_ticket,     TICKETS, body=TicketChange, answer=OneTicket),
    Route("POST", "/v1/{PPass}/tickets/{id}/comment", tickets.add_comment,       TICKETS, body=CommentIn, answer=OneComment, status=201),
    Route("GET",  "/v1/{PPass}/tickets/{id}",         tickets.show_ticket_too,   TICKETS, answer=OneTicket),
    Route("PUT",  "/v1/{PPass}/tickets/{id}",         tickets.change_ticket_too, TICKETS, body=TicketChange, answer=OneTicket),
    Route("POST", "/v1/{PPass}/ticket/{id}/comment",  tickets.add_comment_too,   TICKETS, body=CommentIn, answer=OneComment, status=201),
]
# fmt: on

# Where no parameter is known, none may stand.
PARTNER_API = [route if route.query else replace(route, query=NoQuery) for route in LINES]
