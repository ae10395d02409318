"""The exam API's dialect: a visit, a refusal and an unknown path in its words. Pure."""

from msgspec import UNSET

from openmedspa.exams.decisions import names, pacific
from openmedspa.exams.shapes import DecisionOut, PatientDetails, Refusal, VisitOut
from openmedspa.exams.visit import Decision, Visit
from openmedspa.kit.errors import Refused

PREFIX = "/emr"


def refusal(refused: Refused) -> tuple[int, Refusal]:
    return refused.status, Refusal(success=False, error=refused.error, message=refused.detail or UNSET)


def missing(method: str, path: str) -> tuple[str, str]:
    """Error and message for a path that is unknown (no method given) or does not know the method."""
    if method:
        return "Method not allowed", f"EMR endpoint {path} does not support {method}"
    return "Not found", f"EMR endpoint {path} not found"


def visit_out(visit: Visit, *, include: str | None = None) -> VisitOut:
    """The outcome's fields only once the visit is completed; decisions only when asked for."""
    if visit.signed_at is None:
        return VisitOut(
            gfe_id=visit.gfe_id,
            status=visit.status.word,  # type: ignore[arg-type]
            requested_treatments=visit.requested_treatments,
            patient_details=patient_details(visit),
            decisions=[] if include else UNSET,
        )
    decisions = visit.decisions
    return VisitOut(
        gfe_id=visit.gfe_id,
        status="Completed",
        requested_treatments=visit.requested_treatments,
        approved_treatments=names(decisions, "approved", "approved_with_precaution"),
        conditionally_approved_treatments=names(decisions, "conditionally_approved"),
        deferred_treatments=names(decisions, "deferred"),
        evaluation_completed=pacific(visit.signed_at),
        patient_details=patient_details(visit),
        decisions=[decision_out(decision) for decision in decisions] if include else UNSET,
    )


def patient_details(visit: Visit) -> PatientDetails:
    return PatientDetails(
        name=f"{visit.first_name} {visit.last_name}",
        first_name=visit.first_name,
        last_name=visit.last_name,
        dob=f"{visit.dob.month:02}-{visit.dob.day:02}-{visit.dob.year:04}" if visit.dob else UNSET,
        email=visit.email or "",
    )


def decision_out(decision: Decision) -> DecisionOut:
    return DecisionOut(
        treatment=decision.treatment,
        outcome=decision.outcome,
        conditions=decision.conditions,
        reason=decision.reason,
        valid_until=decision.valid_until.isoformat() if decision.valid_until else None,
    )
