"""Checks of the search for people: by name, e-mail and phone; the exact first, the misspelt found."""

from urllib.parse import quote

from openmedspa.verify.answer import require
from openmedspa.verify.checks import Chapter
from openmedspa.verify.partner.trial import Trial, phone, word

chapter = Chapter("search", section="Prospects: search", needs=("prospects",))


async def _finds(trial: Trial, text: str, id_: int) -> None:
    found = await trial.found(f"search={quote(text)}&limit=200")
    require(id_ in found, f"{id_} among those found", found)


@chapter.documented()
async def by_name(trial: Trial) -> None:
    """A person is found by the last name, and by first and last name."""
    made = await trial.prospect()
    for text in (made["LastName"], f"{made['FirstName']} {made['LastName']}", made["LastName"].upper()):
        await _finds(trial, text, made["ID"])


@chapter.documented()
async def by_email(trial: Trial) -> None:
    """A person is found by the e-mail address, in any case."""
    made = await trial.prospect()
    for text in (made["EMail"], made["EMail"].upper()):
        await _finds(trial, text, made["ID"])


@chapter.documented()
async def by_phone(trial: Trial) -> None:
    """A person is found by the telephone number as it was written."""
    made = await trial.prospect()
    await _finds(trial, made["Phone"], made["ID"])


@chapter.extension()
async def by_phone_in_other_forms(trial: Trial) -> None:
    """A telephone number is found however it is typed, whichever of the three it is."""
    for name in ("Phone", "CellPhone", "SMSPhone"):
        number = phone()
        made = await trial.prospect({"Phone": None, name: number})
        digits = "".join(character for character in number if character.isdigit())
        for text in (
            digits,
            f"+1{digits}",
            f"{digits[:3]}-{digits[3:6]}-{digits[6:]}",
            f"1 ({digits[:3]}) {digits[3:]}",
        ):
            await _finds(trial, text, made["ID"])


@chapter.extension()
async def exact_first(trial: Trial) -> None:
    """Whoever fits exactly stands before whoever nearly fits."""
    family = f"Testcase{word()}"
    exact = await trial.prospect({"LastName": family})
    near = await trial.prospect({"LastName": f"{family[:-1]}{'x' if family[-1] != 'x' else 'y'}"})
    for text, first in ((family, exact), (near["LastName"], near)):
        found = await trial.found(f"search={text}")
        require(found[:1] == [first["ID"]], f"{first['ID']} first", found)


@chapter.extension()
async def misspelt(trial: Trial) -> None:
    """A name that is misspelt by a letter is found."""
    made = await trial.prospect()
    name = made["LastName"]
    for text in (
        name[:-3] + name[-2:],
        name[:-2] + name[-1] + name[-2],
        f"{name[:-1]}{'q' if name[-1] != 'q' else 'z'}",
    ):
        await _finds(trial, text, made["ID"])


@chapter.extension()
async def only_who_fits(trial: Trial) -> None:
    """Nobody is found by what fits nobody, and the total says so."""
    answer = await trial.get(trial.at(f"/prospects?search={word()}{word()}"))
    answer.has_status(200)
    body = answer.json
    require((body["data"], body["pagination"]["total"]) == ([], 0), "nobody, and a total of 0", answer.told)


@chapter.extension()
async def changes_are_found(trial: Trial) -> None:
    """After a change a person is found by the new name, and no longer by the old address."""
    made = await trial.prospect()
    new = {"LastName": f"Changed{word()}", "EMail": f"{word()}@example.com"}
    await trial.changed(made["ID"], **new)
    await _finds(trial, new["LastName"], made["ID"])
    await _finds(trial, new["EMail"], made["ID"])
    found = await trial.found(f"search={quote(made['EMail'])}")
    require(made["ID"] not in found, f"a list without {made['ID']}", found)


@chapter.extension()
async def nonsense(trial: Trial) -> None:
    """Whatever is searched for, the server answers: quotes, wildcards, blanks, other scripts, very much."""
    for text in ("'", '"', "%", "_", "\\", "a & b | !c", "(", ":*", "😀", "שלום", " ", "é", "a" * 200):
        answer = await trial.get(trial.at(f"/prospects?search={quote(text)}&limit=1"))
        answer.has_status(200, 422)


@chapter.extension()
async def wildcards_are_letters(trial: Trial) -> None:
    """A percent sign finds a percent sign, not everybody."""
    made = await trial.prospect()
    found = await trial.found(f"search={quote('%' + word() + '%')}")
    require(made["ID"] not in found, f"a list without {made['ID']}", found)
