"""The OpenAPI document of each API, made of its route table."""

from openmedspa import __version__
from openmedspa.exams.shapes import Refusal
from openmedspa.kit import openapi
from openmedspa.partners.keys import Environment
from openmedspa.partners.wire import PartnerRefusal
from openmedspa.routes import exam
from openmedspa.routes.partner import PARTNER_API
from openmedspa.webhooks.shapes import VisitCompleted

# The first word of a path behind the API's own, and the heading it stands under. A new word needs one.
TAGS = {
    "appointments": "Orders", "in-person": "Orders", "visits": "Visits", "gfes": "Visits", "treatments": "Treatments",
    "subscriptions": "Webhooks", "webhooks": "Webhooks", "staging": "Sandbox",
    "auth": "Tokens", "prospects": "Prospects", "tags": "Tags", "products": "Products", "kb": "Knowledge base",
    "tickets": "Tickets", "ticket": "Tickets", "availability": "Availability", "holds": "Visits", "me": "Me", "access-requests": "Access",
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
        path_examples=lambda _path: {"gfe_id": "gfe_abc123xyz789", "location_id": "loc_12345"},
        path_words={},
    )
    _type_choices(document)
    return _tagged(document)


def partner_document(server: str) -> openapi.Schema:
    """The partner API's, as a server at this address has it."""
    document = openapi.document(
        PARTNER_API,
        title="OpenMedspa partner API",
        version=__version__,
        description="Work with a practice's EMR: its prospects and tags, "
        "when its providers are free and what is booked, products, knowledge base and tickets.",
        server=server,
        security={"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        refusal=PartnerRefusal,
        webhooks={},
        path_examples=_in_the_demo,
        path_words={"PPass": "The practice's name, in any case: that of the token."},
    )
    _type_choices(document)
    return _tagged(document)


def _in_the_demo(path: str) -> dict[str, str | int]:
    """What is called so there: a sample that is refused when it is pasted teaches nothing."""
    numbers = {"tags": 3, "ticket": 11, "tickets": 11, "availability": 1, "visits": 101, "holds": 1}
    is_person = path.startswith("/v1/{PPass}/tags/prospects")
    return {"PPass": "DemoOffice", "id": 12 if is_person else numbers.get(_first_word(path), 12), "tagId": 3}


def _tagged(document: openapi.Schema) -> openapi.Schema:
    """Each call under the heading of its first word; readers and the console group by them."""
    for path, methods in document["paths"].items():
        for operation in methods.values():
            operation["tags"] = [TAGS[_first_word(path)]]
            operation["summary"] = operation["summary"].replace("`", "")  # shown as plain text, unlike a description
    for methods in document["webhooks"].values():
        methods["post"]["summary"] = methods["post"]["summary"].replace("`", "")
    used = {tag for methods in document["paths"].values() for one in methods.values() for tag in one["tags"]}
    document["tags"] = [{"name": name} for name in dict.fromkeys(TAGS.values()) if name in used]
    return document


def _first_word(path: str) -> str:
    """Behind the API's own and the practice's name."""
    return next(part for part in path.split("/")[2:] if not part.startswith("{"))


def _type_choices(part: object) -> None:
    """Say that a choice of words is text: without a type, the console calls it "any". And that money is a number."""
    if isinstance(part, dict):
        choices = part.get("enum")
        if isinstance(choices, list) and "type" not in part and all(isinstance(one, str) for one in choices):
            part["type"] = "string"
        if part.get("format") == "decimal":  # msgspec takes it for text; the API writes and reads a number
            part["type"] = "number"
            del part["format"]
        if str(part.get("pattern", "")).endswith(r"\Z"):  # Python's very end; `$` there lets a line break pass
            part["pattern"] = part["pattern"].removesuffix(r"\Z") + "$"
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        _type_choices(inner)
