"""The 33 fields: taken as documented, told back as they were sent, and refused by name when they cannot be."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args

import asyncpg
import pytest
from client import Client
from patients.offices import ADDED, FULL, JOHN, PEOPLE, make_person, make_provider

from openmedspa.patients.shapes import WIRE, Gender, Kind, LifeStage

DOCUMENTED = """
FirstName, MI, LastName, FullName, NickName, Gender, DOB, LifeStage, Pronouns, SexualIdentity, PrimaryLanguage, Type,
Phone, CellPhone, SMSPhone, EMail, Address, Unit, City, State, Zip, Country, ProviderID, Prospect, Sh_Name, Sh_Address,
Sh_Unit, Sh_City, Sh_State, Sh_Zip, Sh_Country, PtImg, Notes
"""
CHOICES: dict[str, list[Any]] = {
    "Gender": ["m", "f", "o", "u"],
    "LifeStage": ["Infant", "Toddler", "Child", "Adolescent", "EarlyAdult", "Adult", "AllAdults", "Senior"],
    "Type": ["Patient", "Child", "Cash", "Insurance", "Guarantor"],
    "Prospect": [1, 0],
}
TEXTS = [field for field, value in FULL.items() if isinstance(value, str) and field not in {*CHOICES, "DOB"}]
LONGEST = {"EMail": 254, "Notes": 65_536, "PtImg": 65_536, "FullName": 767}
TODAY = datetime.now(UTC).date()


def test_the_fields_are_those_of_the_documents() -> None:
    assert list(WIRE.values()) == [name.strip() for name in DOCUMENTED.split(",")] == list(FULL)
    assert [*get_args(Gender)] == CHOICES["Gender"]
    assert [*get_args(LifeStage)] == CHOICES["LifeStage"]
    assert [*get_args(Kind)] == CHOICES["Type"]


async def test_every_field_comes_back_as_it_was_sent(glow_partner: Client) -> None:
    await make_provider(glow_partner)
    made = await make_person(glow_partner, **FULL)
    assert {field: made[field] for field in FULL} == FULL
    plain = await make_person(glow_partner)
    changed = (await glow_partner.put(f"{PEOPLE}/{plain['ID']}", FULL)).json["data"]
    assert {field: changed[field] for field in FULL} == FULL
    cleared = dict.fromkeys(FULL.keys() - {"FirstName", "LastName", "FullName", "Prospect"})
    answer = await glow_partner.put(f"{PEOPLE}/{plain['ID']}", {**cleared, "FullName": None})
    expected = {**changed, **cleared, "FullName": "Zoë O'Donnell-Smith", "UpdatedAt": answer.json["data"]["UpdatedAt"]}
    assert answer.json["data"] == expected


async def test_every_choice_is_taken_and_no_other(glow_partner: Client) -> None:
    for field, choices in CHOICES.items():
        for choice in choices:
            assert (await make_person(glow_partner, **{field: choice}))[field] == choice
        wrong = [2, -1, "1", True, 1.5] if field == "Prospect" else ["", "x", str(choices[0]).swapcase(), 1, []]
        for value in wrong:
            assert (await glow_partner.post(PEOPLE, {**JOHN, field: value})).fault[::2] == (422, {field: SOME_WORDS})


class _SomeWords:
    """Equal to any sentence."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and other != ""

    __hash__ = None  # type: ignore[assignment]


SOME_WORDS: Any = _SomeWords()


async def test_a_text_has_its_length_and_is_a_text(glow_partner: Client) -> None:
    for field in TEXTS:
        longest = LONGEST.get(field, 255)
        assert (await make_person(glow_partner, **{field: "ж" * longest}))[field] == "ж" * longest
        for value in ("ж" * (longest + 1), 5, ["x"], {"x": "y"}, False, "a\x00b"):
            assert (await glow_partner.post(PEOPLE, {**JOHN, field: value})).fault[::2] == (422, {field: SOME_WORDS})


async def test_an_empty_text_stays_empty_and_null_is_not_known(glow_partner: Client) -> None:
    for field in [one for one in TEXTS if one not in {"FirstName", "LastName", "FullName"}]:
        person = await make_person(glow_partner, **{field: ""})
        assert person[field] == ""
        assert (await make_person(glow_partner, **{field: None}))[field] is None
        for value in (" ", None, ""):
            assert (await glow_partner.put(f"{PEOPLE}/{person['ID']}", {field: value})).json["data"][field] == value


async def test_an_address_or_number_is_not_refused_for_its_form(glow_partner: Client) -> None:
    for value in ("john@example.com", "nobody", "a b@@c", "@", "x" * 254, "Jürgen@müller.example", "=?utf-8?q?x?="):
        fields = dict.fromkeys(("EMail", "Phone", "CellPhone", "SMSPhone"), value)
        person = await make_person(glow_partner, **fields)
        assert {field: person[field] for field in fields} == fields


NO_BIRTHDAYS = [
    ("1990-02-30", "is not a date of the calendar"),
    ("1990-00-10", "is not a date of the calendar"),
    ("10/27/1990", "must be YYYY-MM-DD"),
    ("19901027", "must be YYYY-MM-DD"),
    ("1990-W10-1", "must be YYYY-MM-DD"),
    ("1990-10-27T00:00:00Z", "must be YYYY-MM-DD"),
    ("1990-10-27\n", "must be YYYY-MM-DD"),
    ("１９９０-10-27", "must be YYYY-MM-DD"),
    ("", "must be YYYY-MM-DD"),
    (str(TODAY + timedelta(days=2)), "must not be in the future"),
    (str(date(TODAY.year - 131, 1, 1)), "must be at most 130 years ago"),
    ("0001-01-01", "must be at most 130 years ago"),
]


async def test_a_birthday_is_a_day_that_somebody_can_have(glow_partner: Client) -> None:
    person = await make_person(glow_partner, DOB=str(TODAY))
    for text, why in NO_BIRTHDAYS:
        for answer in (
            await glow_partner.post(PEOPLE, {**JOHN, "DOB": text}),
            await glow_partner.put(f"{PEOPLE}/{person['ID']}", {"DOB": text, "City": "x"}),
        ):
            assert answer.fault == (422, "field_invalid", {"DOB": why}), text
    assert (await glow_partner.get(PEOPLE)).json["data"] == [person]


NEEDED = "is required, unless FullName is given"
LONG = "must have a first and a last name of at most 255 characters"


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"FirstName": NEEDED, "LastName": NEEDED}),
        ({"FirstName": "Ana"}, {"LastName": NEEDED}),
        ({"LastName": "Lopez", "FirstName": None}, {"FirstName": NEEDED}),
        ({"FirstName": "", "LastName": " \t"}, {"FirstName": "must not be blank", "LastName": "must not be blank"}),
        ({"FullName": "\r\n\u3000"}, {"FullName": "must not be blank"}),
        ({"FullName": "Ana Lopez", "FirstName": ""}, {"FirstName": "must not be blank"}),
        ({"FullName": None, "EMail": "x@example.com"}, {"FirstName": NEEDED, "LastName": NEEDED}),
        ({"FullName": "x" * 256 + " Lopez"}, {"FullName": LONG}),
        ({"FirstName": "Ana", "DOB": "x"}, {"LastName": NEEDED, "DOB": "must be YYYY-MM-DD"}),
    ],
)  # fmt: skip
async def test_somebody_new_has_a_name(glow_partner: Client, body: dict[str, Any], fields: dict[str, str]) -> None:
    assert (await glow_partner.post(PEOPLE, body)).fault == (422, "field_invalid", fields)
    assert (await glow_partner.get(PEOPLE)).json["pagination"]["total"] == 0


@pytest.mark.parametrize(
    ("given", "first", "last", "full"),
    [
        ({"FullName": "Ana Lopez"}, "Ana", "Lopez", "Ana Lopez"),
        ({"FullName": "Ana Maria de la Cruz"}, "Ana Maria de la", "Cruz", "Ana Maria de la Cruz"),
        ({"FullName": "Madonna"}, "Madonna", "", "Madonna"),
        ({"FullName": " Ana   Lopez\n"}, "Ana", "Lopez", " Ana   Lopez\n"),
        ({"FullName": "Ana Lopez", "LastName": "Lopez Diaz"}, "Ana", "Lopez Diaz", "Ana Lopez"),
        ({"FirstName": "Ana", "LastName": "Lopez", "MI": "Q"}, "Ana", "Lopez", "Ana Q Lopez"),
        ({"FirstName": " Ana ", "LastName": "Lopez", "MI": ""}, " Ana ", "Lopez", "Ana Lopez"),
    ],
)
async def test_a_full_name_and_its_parts_tell_each_other(
    glow_partner: Client, owner: asyncpg.Connection, given: dict[str, Any], first: str, last: str, full: str
) -> None:
    person = (await glow_partner.post(PEOPLE, given)).json["data"]
    assert (person["FirstName"], person["LastName"], person["FullName"]) == (first, last, full)
    back = {field: value for field, value in person.items() if field not in ADDED}
    assert (await glow_partner.put(f"{PEOPLE}/{person['ID']}", back)).json["data"] == person
    again = (await glow_partner.post(PEOPLE, {"FirstName": "A", "LastName": "B"})).json["data"]
    sent = await glow_partner.put(f"{PEOPLE}/{again['ID']}", {"FullName": "A B"})
    assert sent.json["data"] == again
    assert await owner.fetchval("select full_name from patients where id = $1", again["ID"]) is None


async def test_a_full_name_that_was_put_together_follows_its_parts(glow_partner: Client) -> None:
    path = f"{PEOPLE}/{(await make_person(glow_partner))['ID']}"
    assert (await glow_partner.put(path, {"MI": "Q"})).json["data"]["FullName"] == "John Q Doe"
    own = (await glow_partner.put(path, {"FullName": "Johnny Doe"})).json["data"]
    assert (own["FullName"], own["FirstName"], own["LastName"]) == ("Johnny Doe", "John", "Doe")
    assert (await glow_partner.put(path, {"FirstName": "Jon"})).json["data"]["FullName"] == "Johnny Doe"
    assert (await glow_partner.put(path, {"FullName": None})).json["data"]["FullName"] == "Jon Q Doe"


async def test_after_a_change_somebody_still_has_a_name(glow_partner: Client) -> None:
    person = await make_person(glow_partner)
    path = f"{PEOPLE}/{person['ID']}"
    both = "must not be blank, as the other name is"
    for body, fields in (
        ({"FirstName": None, "LastName": None}, {"FirstName": both, "LastName": both}),
        ({"FirstName": " "}, {"FirstName": "must not be blank"}),
        ({"LastName": "", "City": "x"}, {"LastName": "must not be blank"}),
        ({"FullName": ""}, {"FullName": "must not be blank"}),
    ):
        assert (await glow_partner.put(path, body)).fault == (422, "field_invalid", fields)
    assert (await glow_partner.get(path)).json["data"] == person
    single = (await glow_partner.put(path, {"LastName": None})).json["data"]
    assert (single["LastName"], single["FullName"]) == ("", "John")
    assert (await glow_partner.put(path, {"FirstName": None})).fault[2] == {"FirstName": both}


async def test_a_provider_is_one_of_the_practice_also_one_who_left(glow_partner: Client) -> None:
    await make_provider(glow_partner, 7, ended=True)
    await make_provider(glow_partner, 8, ppass="RivalOffice")
    person = await make_person(glow_partner, ProviderID=7)
    assert person["ProviderID"] == 7
    unknown = {"ProviderID": "is no provider of this practice"}
    for provider in (8, 9, 2**63 - 1):
        body = {"ProviderID": provider, "DOB": "x"}
        refused = (422, "field_invalid", {**unknown, "DOB": "must be YYYY-MM-DD"})
        assert (await glow_partner.post(PEOPLE, {**JOHN, **body})).fault == refused
        assert (await glow_partner.put(f"{PEOPLE}/{person['ID']}", body)).fault == refused
    for value in (0, -1, 2**63, "7", 1.5):
        assert (await glow_partner.post(PEOPLE, {**JOHN, "ProviderID": value})).fault[2].keys() == {"ProviderID"}
    assert (await glow_partner.put(f"{PEOPLE}/{person['ID']}", {"ProviderID": None})).json["data"]["ProviderID"] is None


async def test_the_database_keeps_the_providers_rule_too(glow_partner: Client, owner: asyncpg.Connection) -> None:
    await make_person(glow_partner)
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="patients_provider"):
        await owner.execute("update patients set provider_id = 99")


async def test_what_is_read_only_or_unknown_is_named_all_of_it(glow_partner: Client) -> None:
    wrong = {"ID": 1, "Tags": [], "CreatedAt": "x", "UpdatedAt": "x", "firstname": "x", "Nonsense": None, "DOB": 5}
    read_only = dict.fromkeys(ADDED, "is read-only")
    person = await make_person(glow_partner)
    for answer in (
        await glow_partner.post(PEOPLE, {**JOHN, **wrong}),
        await glow_partner.put(f"{PEOPLE}/{person['ID']}", wrong),
    ):
        status, code, fields = answer.fault
        assert (status, code) == (422, "field_invalid")
        assert fields.keys() == wrong.keys() and read_only.items() <= fields.items()
    assert (await glow_partner.get(PEOPLE)).json["data"] == [person]


async def test_a_body_is_an_object(glow_partner: Client) -> None:
    for body in (b"[]", b'"x"', b"5", b"null"):
        answer = await glow_partner.request("POST", PEOPLE, content=body, headers={"content-type": "application/json"})
        assert answer.fault[:2] == (422, "field_invalid")


async def test_all_that_is_wrong_is_named_at_once(glow_partner: Client) -> None:
    wrong = {
        "Gender": "x",
        "DOB": "2020-02-30",
        "LifeStage": "Old",
        "FirstName": 5,
        "ID": 1,
        "Nonsense": "",
        "Prospect": 2,
    }
    answer = await glow_partner.post("/v1/GlowOffice/prospects", wrong)
    status, _, fields = answer.fault
    assert (status, fields.keys()) == (422, wrong.keys())
    listed = await glow_partner.get("/v1/GlowOffice/prospects?page=0&limit=201&prospect=maybe&tagId=x")
    assert (listed.fault[0], set(listed.fault[2])) == (422, {"page", "limit", "prospect", "tagId"})
