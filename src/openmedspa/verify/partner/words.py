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
DAY = like(r"\d{4}-\d\d-\d\d", "a day as 2026-03-09")
CLOCK = like(r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d", "a time as 09:00:00")
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

PROVIDER_NAME: dict[str, Any] = {"id": NUMBER, "name": TEXT, "title": EITHER_TEXT, "specialty": EITHER_TEXT}
PROVIDER: dict[str, Any] = {**PROVIDER_NAME, "timeZone": TEXT, "locationIds": Each(TEXT)}
ENTRY: dict[str, Any] = {"VisitID": NUMBER, "time": CLOCK, "duration": NUMBER, "type": TEXT, "booked": True}
CHECKED: dict[str, Any] = {
    "ProviderID": NUMBER, "Date": DAY, "Time": CLOCK, "Duration": NUMBER, "Available": FLAG, "Reason": Maybe(TEXT),
}  # fmt: skip
SLOTS: dict[str, Any] = {"ProviderID": NUMBER, "Date": DAY, "Duration": NUMBER, "Slots": Each(CLOCK), "Count": COUNT}
NEXT: dict[str, Any] = {"ProviderID": NUMBER, "Duration": NUMBER, "SearchWindowDays": NUMBER}
THE_NEXT: dict[str, Any] = {"ProviderID": like(r"\d+", 'a number as text, as "1"'), "Date": DAY, "Time": CLOCK}
VISIT_STATUSES = ("Booked", "Cancelled", "Completed", "NoShow")
VISIT: dict[str, Any] = {
    "VisitID": NUMBER, "ProviderID": NUMBER, "ProspectID": NUMBER, "Date": DAY, "Time": CLOCK, "Duration": NUMBER,
    "Type": TEXT, "Status": one_of(*VISIT_STATUSES),
    "LocationID": Maybe(TEXT), "TreatmentIDs": Maybe(Each(TEXT)), "Notes": Maybe(EITHER_TEXT),
    "CreatedAt": Maybe(MOMENT), "UpdatedAt": Maybe(MOMENT),
}  # fmt: skip
HOLD: dict[str, Any] = {
    "HoldID": NUMBER, "ExpiresAt": MOMENT,
    "ProviderID": Maybe(NUMBER), "LocationID": Maybe(TEXT), "Date": Maybe(DAY), "Time": Maybe(CLOCK),
    "Duration": Maybe(NUMBER),
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
