"""The OpenAPI document of each API, made of its route table."""

from openmedspa import __version__
from openmedspa.exams.shapes import Refusal
from openmedspa.kit import openapi
from openmedspa.partners.keys import Environment
from openmedspa.routes import exam
from openmedspa.webhooks.shapes import VisitCompleted

# The first word of a path behind the API's own, and the heading it stands under. A new word needs one.
TAGS = {
    "appointments": "Orders", "in-person": "Orders", "visits": "Visits", "gfes": "Visits", "treatments": "Treatments",
    "subscriptions": "Webhooks", "webhooks": "Webhooks", "staging": "Sandbox",
}  # fmt: skip


def exam_document(environment: Environment, server: str) -> openapi.Schema:
    """The exam API's, as a server of this environment has it at this address."""
    document = openapi.document(
        exam.routes(environment),
        title="OpenMedspa exam API",
        version=__version__,
        description="Order Good Faith Exams for medspa patients, follow them, and receive their outcome by webhook.",
        server=server,
        security={"apiKey": {"type": "apiKey", "in": "header", "name": "x-api-key"}},
        refusal=Refusal,
        webhooks={"visit.completed": VisitCompleted},
        path_examples={"gfe_id": "gfe_abc123xyz789", "location_id": "loc_12345"},
    )
    _type_choices(document)
    return _tagged(document)


def _tagged(document: openapi.Schema) -> openapi.Schema:
    """Each call under the heading of its first word; readers and the console group by them."""
    for path, methods in document["paths"].items():
        for operation in methods.values():
            operation["tags"] = [TAGS[path.split("/")[2]]]
            operation["summary"] = operation["summary"].replace("`", "")  # shown as plain text, unlike a description
    for methods in document["webhooks"].values():
        methods["post"]["summary"] = methods["post"]["summary"].replace("`", "")
    document["tags"] = [{"name": name} for name in dict.fromkeys(TAGS.values())]
    return document


def _type_choices(part: object) -> None:
    """Say that a choice of words is text: without a type, the console calls it "any"."""
    if isinstance(part, dict):
        choices = part.get("enum")
        if isinstance(choices, list) and "type" not in part and all(isinstance(one, str) for one in choices):
            part["type"] = "string"
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        _type_choices(inner)
