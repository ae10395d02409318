"""What an event looks like when it is sent: built from the record's version it names, and what the event kept. Pure."""

import msgspec
from msgspec.structs import replace

from openmedspa.exams.record import Version
from openmedspa.exams.visit import Visit
from openmedspa.exams.wire import visit_out
from openmedspa.kit.db import Row
from openmedspa.webhooks.shapes import CompletedVisit, VisitCompleted

encode = msgspec.json.Encoder().encode


def event_body(row: Row, visit: Visit) -> bytes:
    """The event as it is sent, the same bytes at every try: the record's version never changes, nor do the visit's name
    and address. Only a date of birth may be given after the signature: it is the one that the event kept."""
    out = visit_out(replace(visit, dob=row["dob"]))
    fields = {name: getattr(out, name) for name in CompletedVisit.__struct_fields__ if name != "location_id"}
    return encode(
        VisitCompleted(
            event="visit.completed",
            timestamp=int(row["occurred_at"].timestamp() * 1000),
            success=True,
            data=CompletedVisit(location_id=visit.location_id, **fields),
        )
    )


def version_of(row: Row) -> Version:
    """The version of the record that the event names."""
    return row["practice_id"], row["visit_id"], row["record_version"]
