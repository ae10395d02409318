"""Checks of what a key may do: each scope opens its calls, and no other key enters there."""

from typing import Any

from openmedspa.verify.answer import require
from openmedspa.verify.checks import Chapter, Does
from openmedspa.verify.partner.trial import Trial, person
from openmedspa.verify.partner.words import NOBODY, refuses

chapter = Chapter("scopes", section="Scopes", needs=("prospects_key",))
BODY = {"products": [{"VendorCode": "V", "ProductCode": "P", "Product": "Example", "RetailPrice": 1}]}
SLOT = {"ProviderID": 1, "Date": "2020-01-06", "Time": "09:00:00", "Duration": 30}  # long past, whoever is let in
CLOSED: dict[str, list[tuple[str, str, Any]]] = {
    "ProductPro.Products": [("GET", "/products", None), ("POST", "/products", BODY)],
    "KB": [("GET", "/kb", None), ("GET", "/kb/1", None), ("PUT", "/kb/1", {"Active": True})],
    "Tickets": [
        ("GET", "~/tickets", None), ("POST", "~/tickets", {"Subject": "Verify"}), ("GET", "~/ticket/1", None),
        ("PUT", "~/ticket/1", {"Status": "Closed"}), ("POST", "~/tickets/1/comment", {"Comment": "x", "Author": "y"}),
    ],
    "Providers": [
        ("GET", "~/availability/providers", None), ("GET", "~/availability/providers/1", None),
        ("GET", "~/availability/providers/1/schedule?startDate=2026-03-09&endDate=2026-03-15", None),
        ("GET", "~/availability/providers/1/check?date=2026-03-09&time=10:15:00&duration=30", None),
        ("GET", "~/availability/providers/1/slots?date=2026-03-09&duration=30", None),
        ("GET", "~/availability/providers/1/next-slot?duration=30&maxDays=30", None),
    ],
    "Visits": [
        ("POST", "~/visits", {**SLOT, "ProspectID": NOBODY, "Type": "FOLLOWUP"}), ("GET", "~/visits/1", None),
        ("PATCH", "~/visits/1", {}), ("POST", "~/holds", SLOT), ("DELETE", "~/holds/1", None),
    ],
}  # fmt: skip


def _closed(scope: str) -> Does:
    async def closed(trial: Trial) -> None:
        for method, place, body in CLOSED[scope]:
            path = trial.at(place[1:]) if place.startswith("~") else place
            said = refuses(await trial.send(method, path, body, token=trial.given.prospects_token), 403)
            require(scope in said["message"], f"403, and a message that names {scope}", said)

    return closed


for _scope in CLOSED:
    _name = _scope.rpartition(".")[2].lower()
    chapter.add(_name, f"A key without the scope {_scope} is refused there with 403, which names it.", _closed(_scope))


@chapter.documented()
async def prospects(trial: Trial) -> None:
    """A key with the scope Prospects lists, creates, shows and changes prospects."""
    token = trial.given.prospects_token
    made = await trial.prospect(token=token)
    (await trial.get(trial.at("/prospects"), token=token)).has_status(200)
    answer = await trial.put(trial.at(f"/prospects/{made['ID']}"), {"City": "Pasadena"}, token=token)
    answer.has_status(200)
    require((await trial.shown(made["ID"], token=token))["City"] == "Pasadena", "City: Pasadena", made)


@chapter.extension()
async def tags_and_me(trial: Trial) -> None:
    """The scope Prospects opens tags as well, and any token /me."""
    for path in (trial.at("/tags"), "/me"):
        (await trial.get(path, token=trial.given.prospects_token)).has_status(200)


@chapter.extension("patients")
async def patients_are_hidden(trial: Trial) -> None:
    """Without the scope Patients there are flagged people only: others are in no list, and by their id 404."""
    other = await trial.prospect({"Prospect": 0})
    token, path = trial.given.prospects_token, trial.at(f"/prospects/{other['ID']}")
    refuses(await trial.get(path, token=token), 404)
    refuses(await trial.put(path, {"City": "Pasadena"}, token=token), 404)
    found = await trial.found(f"search={other['LastName']}", token=token)
    require(other["ID"] not in found, f"a list without {other['ID']}", found)


@chapter.extension()
async def patients_are_named(trial: Trial) -> None:
    """Without the scope Patients, asking for the others or making one of them is answered 403, which names it."""
    token = trial.given.prospects_token
    made = await trial.prospect(token=token)
    for answer in (
        await trial.get(trial.at("/prospects?prospect=false"), token=token),
        await trial.post(trial.at("/prospects"), {**person(), "Prospect": 0}, token=token),
        await trial.put(trial.at(f"/prospects/{made['ID']}"), {"Prospect": 0}, token=token),
    ):
        said = refuses(answer, 403)
        require("Patients" in said["message"], "403, and a message that names Patients", said)


@chapter.extension("patients")
async def patients_open_everybody(trial: Trial) -> None:
    """With the scope Patients, those who are not flagged are shown, listed and changed."""
    other = await trial.prospect({"Prospect": 0})
    require((await trial.shown(other["ID"]))["Prospect"] == 0, "Prospect: 0", other)
    found = await trial.found(f"prospect=false&search={other['LastName']}")
    require(found[:1] == [other["ID"]], f"{other['ID']} first", found)


@chapter.extension()
async def scope_before_body(trial: Trial) -> None:
    """The scope is looked at before the body and before whether a thing exists."""
    token = trial.given.prospects_token
    refuses(await trial.post("/products", raw=b"{", token=token), 403)
    refuses(await trial.get(f"/kb/{NOBODY}", token=token), 403)
