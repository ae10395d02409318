"""The forms of the partner API's answers and refusals: what several chapters look for. Holds no check."""

from typing import Any

from openmedspa.verify.answer import Answer, require
from openmedspa.verify.shape import ANY_TEXT, TEXT, Each, Is, Maybe, like, one_of

NOBODY = 9_007_199_254_740_000  # an id that nothing has, as whole in JavaScript as here
NOWHERE = "VerifyNowhere"  # a practice that is none
COUNT = Is("a whole number", lambda value: type(value) is int and value >= 0)
NUMBER = Is("a whole number above 0", lambda value: type(value) is int and value > 0)
EITHER_TEXT = Is("a text, or null", lambda value: value is None or isinstance(value, str))
EITHER_NUMBER = Is("a whole number, or null", lambda value: value is None or type(value) is int)
FLAG = Is("true or false", lambda value: isinstance(value, bool))
MOMENT = like(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "a moment as 2026-03-09T17:00:00Z")
AMOUNT = Is("a number", lambda value: type(value) in (int, float) and value >= 0)
REASONS = Is(
    "an object that says why for each field",
    lambda value: (
        isinstance(value, dict) and bool(value) and all(isinstance(why, str) and why for why in value.values())
    ),
)

PAGE: dict[str, Any] = {
    "page": NUMBER, "limit": NUMBER, "total": COUNT, "totalPages": COUNT, "totalIsMinimum": Maybe(True),
}  # fmt: skip
GENDERS = ("m", "f", "o", "u")
LIFE_STAGES = ("Infant", "Toddler", "Child", "Adolescent", "EarlyAdult", "Adult", "AllAdults", "Senior")
TYPES = ("Patient", "Child", "Cash", "Insurance", "Guarantor")
NAMES = ("FirstName", "MI", "LastName", "FullName", "NickName")
CONTACT = ("Phone", "CellPhone", "SMSPhone", "EMail")
ADDRESS = ("Address", "Unit", "City", "State", "Zip", "Country")
SHIPPING = ("Sh_Name", "Sh_Address", "Sh_Unit", "Sh_City", "Sh_State", "Sh_Zip", "Sh_Country")
ABOUT = ("Gender", "DOB", "LifeStage", "Pronouns", "SexualIdentity", "PrimaryLanguage", "Type")
REST = ("PtImg", "Notes")
TEXTS = (*NAMES, *CONTACT, *ADDRESS, *SHIPPING, *ABOUT, *REST)
TAG = {"id": NUMBER, "name": TEXT}
PERSON: dict[str, Any] = {
    "ID": NUMBER,
    **dict.fromkeys(TEXTS, EITHER_TEXT),
    "ProviderID": EITHER_NUMBER,
    "Prospect": Is("1 or 0", lambda value: type(value) is int and value in (0, 1)),
    "Tags": Each(TAG),
    "CreatedAt": MOMENT,
    "UpdatedAt": MOMENT,
}
ARTICLE: dict[str, Any] = {
    "KBID": NUMBER, "Title": TEXT, "Article": ANY_TEXT, "Category": ANY_TEXT, "Type": ANY_TEXT, "Tags": ANY_TEXT,
    "Active": FLAG,
}  # fmt: skip
COMMENT: dict[str, Any] = {"CommentID": NUMBER, "Comment": TEXT, "Author": ANY_TEXT, "CreatedAt": MOMENT}
STATUSES, PRIORITIES = ("Open", "Pending", "Closed"), ("Low", "Normal", "High", "Urgent")
TICKET: dict[str, Any] = {
    "TicketID": NUMBER, "Subject": TEXT, "Body": ANY_TEXT, "Status": one_of(*STATUSES),
    "Priority": one_of(*PRIORITIES), "CreatedAt": MOMENT, "UpdatedAt": MOMENT, "Comments": Each(COMMENT),
}  # fmt: skip
ME: dict[str, Any] = {
    "PartnerID": NUMBER, "Company": TEXT, "ContactName": EITHER_TEXT, "ContactEmail": EITHER_TEXT, "Phone": EITHER_TEXT,
    "Website": EITHER_TEXT, "Scopes": Each(TEXT), "PPass": TEXT,
    "Keys": Each({
        "Name": TEXT, "Prefix": TEXT, "LastUsedAt": EITHER_TEXT, "Status": one_of("Active", "Expired", "Revoked"),
    }),
}  # fmt: skip


def a_list(entry: Any) -> dict[str, Any]:
    """A page of entries."""
    return {"data": Each(entry), "pagination": PAGE}


def refuses(answer: Answer, *statuses: int) -> dict[str, Any]:
    """A refusal in the contract's form; its `error`. Broken for another status or form."""
    answer.has_status(*statuses)
    body = answer.is_(answer.status, {"error": {"code": TEXT, "message": TEXT, "fields": Maybe(REASONS)}})
    error: dict[str, Any] = body["error"]
    return error


def names(answer: Answer, *fields: str, status: int = 422) -> None:
    """A refusal whose `fields` name these, a part of which may be meant by its beginning."""
    said = refuses(answer, status).get("fields", {})
    for field in fields:
        require(any(name == field or name.startswith((f"{field}.", f"{field}[")) for name in said),
                f"{status}, and `fields` that name {field}", answer.told)  # fmt: skip
