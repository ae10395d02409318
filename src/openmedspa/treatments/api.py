"""The treatments' door of the exam API."""

from openmedspa.kit.errors import Invalid, NotFound
from openmedspa.kit.http import Call
from openmedspa.partners import access
from openmedspa.partners.keys import Grant
from openmedspa.treatments import catalogue, queries
from openmedspa.treatments.shapes import TreatmentOut, TreatmentsOut


async def list_treatments(call: Call[Grant]) -> TreatmentsOut:
    """The catalogue; with `type=favorites`, what the location's practice likes best."""
    if call.query.type is None:
        entries = (await catalogue.get(call.db)).treatments
        return TreatmentsOut(data=[TreatmentOut(id=entry.id, name=entry.name) for entry in entries])
    if not call.query.location_id:
        raise Invalid("location_id is required when requesting favorites", code="field_invalid")
    try:
        practice_id = await access.require_location(call.db, call.grant, call.query.location_id)
    except NotFound:
        raise NotFound("Location not found", code="location_not_found") from None  # this call's own wording
    favourites = await queries.list_favourites(call.db, [practice_id], practice_id)
    return TreatmentsOut(data=favourites, source="favorites")
