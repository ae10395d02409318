"""Checks of a person's 33 fields: each comes back as it was sent, enumerations hold, texts stay texts."""

from typing import Any

from openmedspa.verify.answer import require
from openmedspa.verify.checks import Chapter, Does
from openmedspa.verify.partner.trial import Trial, person, word
from openmedspa.verify.partner.words import (
    ABOUT,
    ADDRESS,
    CONTACT,
    GENDERS,
    LIFE_STAGES,
    NAMES,
    NOBODY,
    REST,
    SHIPPING,
    TEXTS,
    TYPES,
    names,
)

chapter = Chapter("fields", section="Prospects: fields", needs=("prospects",))
SENT: dict[str, Any] = {
    "FirstName": "Vera", "MI": "Q", "LastName": "Testcase", "FullName": "Dr. Vera Q. Testcase", "NickName": "Vee",
    "Phone": "555-0123", "CellPhone": "+1 (202) 555-0123", "SMSPhone": "2025550123", "EMail": "vera@example.com",
    "Address": "12 Elm Street", "Unit": "4b", "City": "Pasadena", "State": "CA", "Zip": "91101-0042", "Country": "US",
    "Sh_Name": "Vera Testcase", "Sh_Address": "9 Oak Road", "Sh_Unit": "2", "Sh_City": "Long Beach", "Sh_State": "CA",
    "Sh_Zip": "90802", "Sh_Country": "US", "Gender": "f", "DOB": "1990-10-27", "LifeStage": "Adult",
    "Pronouns": "she/her", "SexualIdentity": "prefers not to say", "PrimaryLanguage": "Español", "Type": "Cash",
    "PtImg": "https://img.example.com/vera.png", "Notes": "Line one\nLine two",
}  # fmt: skip
HARMLESS = [
    "Robert'); drop table patients; --", '<script>alert("x")</script>', "=1+2", "{{7*7}} ${7*7}",
    "a\r\nBcc: x@example.com",
    "  blanks at both ends  ", "Ünïcödé 😀 שלום", "%s %d \\0 \\n", "../../etc/passwd", "null",
]  # fmt: skip


def _returns(fields: tuple[str, ...]) -> Does:
    async def returns(trial: Trial) -> None:
        made = await trial.prospect()
        after = await trial.changed(made["ID"], **{name: SENT[name] for name in fields})
        shown = await trial.shown(made["ID"])
        for name in fields:
            require(after.get(name) == SENT[name] == shown.get(name), f"{name}: {SENT[name]!r}", shown.get(name))

    return returns


for _name, _fields in {
    "names": NAMES, "contact": CONTACT, "address": ADDRESS, "shipping": SHIPPING, "about": ABOUT, "rest": REST,
}.items():  # fmt: skip
    chapter.add(_name, f"{', '.join(_fields[:-1])} and {_fields[-1]} come back as they were sent.", _returns(_fields))


def _one_of(name: str, words: tuple[Any, ...], others: tuple[Any, ...]) -> Does:
    async def one_of(trial: Trial) -> None:
        made = await trial.prospect()
        for value in words:
            came = (await trial.changed(made["ID"], **{name: value}))[name]
            require(came == value, f"{name}: {value}", came)
        for value in others:
            names(await trial.put(trial.at(f"/prospects/{made['ID']}"), {name: value}), name)

    return one_of


for _name, _words, _others in (
    ("Gender", GENDERS, ("F", "female", "", 1)),
    ("LifeStage", LIFE_STAGES, ("adult", "Elder", 5)),
    ("Type", TYPES, ("patient", "Guest", True)),
):
    chapter.add(_name.lower(), f"{_name} is {', '.join(_words[:-1])} or {_words[-1]}, and nothing else.",
                _one_of(_name, _words, _others))  # fmt: skip


@chapter.documented("patients")
async def prospect(trial: Trial) -> None:
    """Prospect is 1 or 0, and nothing else."""
    await _one_of("Prospect", (0, 1), (2, "1", True, 0.5))(trial)


@chapter.extension()
async def dob(trial: Trial) -> None:
    """DOB is a day that there was, as YYYY-MM-DD: another form, no day, the future, long ago are refused with 422."""
    made = await trial.prospect({"DOB": "2000-02-29"})
    require(made["DOB"] == "2000-02-29", "DOB: 2000-02-29", made["DOB"])
    path = trial.at(f"/prospects/{made['ID']}")
    for bad in (
        "10/27/1990",
        "1990-10-27T00:00:00Z",
        "2001-02-29",
        "1990-13-01",
        "2999-01-01",
        "1799-01-01",
        "",
        19901027,
    ):
        names(await trial.put(path, {"DOB": bad}), "DOB")


@chapter.extension()
async def provider_unknown(trial: Trial) -> None:
    """A ProviderID that the practice does not have is refused with 422 that names it."""
    names(await trial.post(trial.at("/prospects"), {**person(), "ProviderID": NOBODY}), "ProviderID")
    names(await trial.post(trial.at("/prospects"), {**person(), "ProviderID": "one"}), "ProviderID")


@chapter.extension()
async def texts(trial: Trial) -> None:
    """A text is a text: SQL, HTML, formulas, templates, line ends, blanks and emoji come back as they were sent."""
    for text in HARMLESS:
        made = await trial.prospect({"Notes": text, "City": text, "NickName": text, "LastName": f"{text}{word()}"})
        shown = await trial.shown(made["ID"])
        came = {shown["Notes"], shown["City"], shown["NickName"]}
        require(came == {text}, repr(text), sorted(came))


@chapter.extension()
async def phones(trial: Trial) -> None:
    """A telephone number is never refused for its form, and comes back as it was sent."""
    for number in ("555-0123", "ask for Vera", "+44 20 7946 0958 ext. 12", "0", ""):
        came = (await trial.prospect({"Phone": number}))["Phone"]
        require(came == number, number, came)


@chapter.extension()
async def too_long(trial: Trial) -> None:
    """A name of a thousand characters is refused with 422 that names it."""
    for name in ("FirstName", "City", "EMail"):
        names(await trial.post(trial.at("/prospects"), {**person(), name: "a" * 1000}), name)


@chapter.extension()
async def kinds(trial: Trial) -> None:
    """A number, a list or an object where a text belongs is refused with 422 that names it, in every field."""
    for value in list[Any]((5, ["x"], {"x": 1}, True)):
        answer = await trial.post(trial.at("/prospects"), dict.fromkeys(TEXTS, value))
        names(answer, *TEXTS)
