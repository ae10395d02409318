"""Every URL of the exam API: method, path, door, who may enter, what goes in, what comes out."""

from openmedspa.exams import api as exams
from openmedspa.exams.orders import AppointmentIn, InPersonIn
from openmedspa.exams.shapes import (
    OneVisit,
    Ordered,
    OrderedInPerson,
    OutcomeIn,
    ScheduleIn,
    StagedOut,
    StatusOut,
    VisitList,
    VisitListQuery,
    VisitQuery,
)
from openmedspa.kit.http import Route
from openmedspa.partners import api as partners
from openmedspa.partners.access import Key
from openmedspa.partners.keys import Environment
from openmedspa.partners.shapes import ClockIn, ClockOut, ResetOut
from openmedspa.treatments import api as treatments
from openmedspa.treatments.shapes import TreatmentsOut, TreatmentsQuery
from openmedspa.webhooks import api as webhooks
from openmedspa.webhooks.shapes import (
    ChaosIn,
    ChaosOut,
    DeliveriesQuery,
    DeliveryList,
    ReplayIn,
    ReplayOut,
    Subscribed,
    SubscriptionIn,
    UrlSet,
    WebhookIn,
)

EXAMS = Key("Exams")

# fmt: off
EXAM_API = [
    Route("POST",  "/emr/appointments",                 exams.order_at_home,       EXAMS, body=AppointmentIn, answer=Ordered, status=201, finish=exams.look_again),
    Route("PATCH", "/emr/appointments/{gfe_id}/cancel", exams.cancel,              EXAMS, answer=StatusOut),
    Route("POST",  "/emr/appointments/{gfe_id}/invitation", exams.invite_again,    EXAMS, answer=StatusOut),
    Route("POST",  "/emr/in-person",                    exams.order_in_person,     EXAMS, body=InPersonIn, answer=OrderedInPerson, status=201, finish=exams.add_link),
    Route("GET",   "/emr/visits/{gfe_id}",              exams.show,                EXAMS, query=VisitQuery, answer=OneVisit),
    Route("GET",   "/emr/gfes/{location_id}",           exams.list_at_location,    EXAMS, query=VisitListQuery, answer=VisitList),
    Route("GET",   "/emr/treatments",                   treatments.list_treatments, EXAMS, query=TreatmentsQuery, answer=TreatmentsOut),
    Route("POST",  "/emr/subscriptions",                webhooks.subscribe,        EXAMS, body=SubscriptionIn, answer=Subscribed),
    Route("POST",  "/emr/webhooks",                     webhooks.set_url,          EXAMS, body=WebhookIn, answer=UrlSet),
    Route("GET",   "/emr/webhooks/deliveries",          webhooks.list_deliveries,  EXAMS, query=DeliveriesQuery, answer=DeliveryList),
    Route("POST",  "/emr/webhooks/replay",              webhooks.send_again,       EXAMS, body=ReplayIn, answer=ReplayOut),
]

# In production these paths do not exist.
EXAM_STAGING = [
    Route("POST",  "/emr/staging/visits/{gfe_id}/outcome",  exams.stage_outcome,  EXAMS, body=OutcomeIn, answer=StagedOut),
    Route("POST",  "/emr/staging/visits/{gfe_id}/no-show",  exams.stage_no_show,  EXAMS, answer=StagedOut),
    Route("POST",  "/emr/staging/visits/{gfe_id}/schedule", exams.stage_schedule, EXAMS, body=ScheduleIn, answer=StagedOut),
    Route("GET",   "/emr/staging/clock",                    partners.show_clock,    EXAMS, answer=ClockOut),
    Route("POST",  "/emr/staging/clock",                    partners.advance_clock, EXAMS, body=ClockIn, answer=ClockOut, finish=partners.look_anew),
    Route("POST",  "/emr/staging/reset",                    partners.reset_account, EXAMS, answer=ResetOut, finish=partners.look_anew),
    Route("POST",  "/emr/staging/webhooks/chaos",           webhooks.ask_for_chaos, EXAMS, body=ChaosIn, answer=ChaosOut),
]
# fmt: on


def routes(environment: Environment) -> list[Route]:
    """The table of this environment; the OpenAPI document is made of it, and served beside it (app.py)."""
    return EXAM_API if environment == "production" else EXAM_API + EXAM_STAGING
