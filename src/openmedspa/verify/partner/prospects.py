"""Checks of prospects: created, shown, changed, listed by pages, once for each Idempotency-Key."""

import asyncio
from secrets import token_hex
from typing import Any

from openmedspa.verify.answer import require
from openmedspa.verify.checks import Chapter
from openmedspa.verify.partner.trial import Trial, data, entries, person, word
from openmedspa.verify.partner.words import NOBODY, PERSON, a_list, names, refuses

chapter = Chapter("prospects", section="Prospects", needs=("prospects",))
DOCUMENTED = {"FirstName": "John", "LastName": "Doe", "EMail": "john@example.com", "Phone": "555-0123"}
READ_ONLY = {"ID": 1, "Tags": [], "CreatedAt": "2026-03-09T17:00:00Z", "UpdatedAt": "2026-03-09T17:00:00Z"}
TWINS = 6


@chapter.documented()
async def created(trial: Trial) -> None:
    """The documents' own example is taken, and comes back as it was sent: 555-0123 as well."""
    made = data(await trial.post(trial.at("/prospects"), DOCUMENTED), 200, 201)
    came = {name: made.get(name) for name in DOCUMENTED}
    require(came == DOCUMENTED, f"{DOCUMENTED}", came)


@chapter.extension()
async def created_form(trial: Trial) -> None:
    """A new prospect is answered 201 with all its fields, null where nothing was said, and flagged unless told not."""
    sent = person()
    body = (await trial.post(trial.at("/prospects"), sent)).is_(201, {"data": PERSON})["data"]
    came = {name: body[name] for name in (*sent, "Prospect", "MI", "Notes", "Tags")}
    wanted = {**sent, "Prospect": 1, "MI": None, "Notes": None, "Tags": []}
    require(came == wanted, f"{wanted}", came)


@chapter.extension()
async def name_needed(trial: Trial) -> None:
    """A prospect needs FirstName and LastName, or FullName: else 422 names what is missing."""
    path = trial.at("/prospects")
    names(await trial.post(path, {"FirstName": "Vera"}), "LastName")
    names(await trial.post(path, {"LastName": "Testcase"}), "FirstName")
    refuses(await trial.post(path, {}), 422)
    refuses(await trial.post(path, {"EMail": "vera@example.com"}), 422)


@chapter.extension()
async def full_name(trial: Trial) -> None:
    """FullName alone is enough, and comes back."""
    said = f"Vera Testcase{word()}"
    made = data(await trial.post(trial.at("/prospects"), {"FullName": said}), 201)
    require(made["FullName"] == said, f"FullName: {said}", made["FullName"])


@chapter.extension()
async def shown(trial: Trial) -> None:
    """A prospect is shown by its id as it was answered when it was made."""
    made = await trial.prospect({"City": "Pasadena", "DOB": "1990-10-27"})
    (await trial.get(trial.at(f"/prospects/{made['ID']}"))).is_(200, {"data": made})


@chapter.extension()
async def unknown(trial: Trial) -> None:
    """A prospect that does not exist is answered 404, whatever is asked of it."""
    path = trial.at(f"/prospects/{NOBODY}")
    refuses(await trial.get(path), 404)
    refuses(await trial.put(path, {"City": "Pasadena"}), 404)


@chapter.documented()
async def changed(trial: Trial) -> None:
    """PUT changes what it names."""
    made = await trial.prospect()
    new = {"FirstName": "Viola", "EMail": f"{word()}@example.com", "City": "Long Beach"}
    after = await trial.changed(made["ID"], **new)
    came = {name: after[name] for name in new}
    require(came == new, f"{new}", came)


@chapter.documented()
async def left_alone(trial: Trial) -> None:
    """PUT leaves what it does not name."""
    made = await trial.prospect({"City": "Pasadena", "Notes": "Prefers mornings."})
    after = await trial.changed(made["ID"], State="CA")
    kept = {name: after[name] for name in ("FirstName", "LastName", "EMail", "Phone", "City", "Notes")}
    wanted = {name: made[name] for name in kept}
    require(kept == wanted, f"{wanted}", kept)


@chapter.extension()
async def emptied(trial: Trial) -> None:
    """A null takes a value away, and an empty text stays an empty text."""
    made = await trial.prospect({"City": "Pasadena", "Notes": "Prefers mornings."})
    after = await trial.changed(made["ID"], City=None, Notes="")
    require((after["City"], after["Notes"]) == (None, ""), "City: null, Notes: “”", [after["City"], after["Notes"]])


@chapter.extension()
async def name_stays(trial: Trial) -> None:
    """A change that would leave a person without a name is refused with 422, and nothing changes."""
    made = await trial.prospect()
    path = trial.at(f"/prospects/{made['ID']}")
    refuses(await trial.put(path, {"FirstName": None, "LastName": None, "FullName": None, "City": "Nowhere"}), 422)
    after = await trial.shown(made["ID"])
    require((after["LastName"], after["City"]) == (made["LastName"], None), "the person as before", after)


@chapter.extension()
async def read_only(trial: Trial) -> None:
    """What the server says of a person by itself is refused with 422 that names it, when made and when changed."""
    names(await trial.post(trial.at("/prospects"), {**person(), **READ_ONLY}), *READ_ONLY)
    made = await trial.prospect()
    names(await trial.put(trial.at(f"/prospects/{made['ID']}"), READ_ONLY), *READ_ONLY)


@chapter.extension()
async def two_at_once(trial: Trial) -> None:
    """Changes of different fields at the same moment lose nothing."""
    made = await trial.prospect()
    new: dict[str, Any] = {"City": "Pasadena", "State": "CA", "Zip": "91101", "NickName": "Vee", "Unit": "4"}
    await asyncio.gather(*(trial.changed(made["ID"], **{name: value}) for name, value in new.items()))
    after = await trial.shown(made["ID"])
    came = {name: after[name] for name in new}
    require(came == new, f"{new}", came)


@chapter.documented()
async def listed(trial: Trial) -> None:
    """The list is answered in `data`."""
    await trial.prospect()
    require(entries(await trial.get(trial.at("/prospects"))), "somebody", "an empty list")


@chapter.extension()
async def list_form(trial: Trial) -> None:
    """A list holds people in full and says which page it is, of how many; 25 on a page unless asked otherwise."""
    body = (await trial.get(trial.at("/prospects"))).is_(200, a_list(PERSON))
    page = body["pagination"]
    require((page["page"], page["limit"]) == (1, 25), "page 1, limit 25", page)
    require(page["totalPages"] == -(-page["total"] // 25), f"{-(-page['total'] // 25)} pages", page)


@chapter.documented()
async def pages(trial: Trial) -> None:
    """?page and ?limit cut the list into pages: as many as asked for, nobody twice."""
    family = f"Testcase{word()}"
    made = {(await trial.prospect({"LastName": family}))["ID"] for _ in range(3)}
    first = await trial.found(f"search={family}&limit=2&page=1")
    second = await trial.found(f"search={family}&limit=2&page=2")
    require(len(first) == 2, "2 on the first page", first)
    require(len(second) >= 1 and not {*first} & {*second}, "others on the second page", second)
    require(made >= {*first}, f"two of {sorted(made)} first", first)


@chapter.extension()
async def page_beyond(trial: Trial) -> None:
    """A page beyond the last is empty, and tells the same total."""
    answer = await trial.get(trial.at("/prospects?page=100000&limit=200"))
    body = answer.is_(200, a_list(PERSON))
    require(body["data"] == [] and body["pagination"]["total"] > 0, "nobody, of some", body["pagination"])


@chapter.documented("patients")
async def flagged(trial: Trial) -> None:
    """?prospect=true lists only those who are flagged."""
    family = f"Testcase{word()}"
    one, other = [await trial.prospect({"LastName": family, "Prospect": flag}) for flag in (1, 0)]
    found = await trial.found(f"search={family}&prospect=true")
    require(one["ID"] in found and other["ID"] not in found, f"{one['ID']} without {other['ID']}", found)


@chapter.extension("patients")
async def not_flagged(trial: Trial) -> None:
    """?prospect=false lists only the others, and without the word both are there."""
    family = f"Testcase{word()}"
    one, other = [await trial.prospect({"LastName": family, "Prospect": flag}) for flag in (1, 0)]
    found = await trial.found(f"search={family}&prospect=false")
    require(other["ID"] in found and one["ID"] not in found, f"{other['ID']} without {one['ID']}", found)
    both = await trial.found(f"search={family}")
    require({one["ID"], other["ID"]} <= {*both}, "both", both)


@chapter.extension()
async def updated_since(trial: Trial) -> None:
    """?updatedSince lists whoever changed at this moment or later, and nobody else."""
    made = await trial.prospect()
    body = (await trial.get(trial.at(f"/prospects?updatedSince={made['UpdatedAt']}&limit=200"))).is_(
        200, a_list(PERSON)
    )
    require(made["ID"] in [one["ID"] for one in body["data"]], f"{made['ID']} among them", body["pagination"])
    before = [one["UpdatedAt"] for one in body["data"] if one["UpdatedAt"] < made["UpdatedAt"]]
    require(before == [], f"nobody before {made['UpdatedAt']}", before[:3])
    later = await trial.found("updatedSince=2099-01-01T00:00:00Z")
    require(later == [], "nobody since 2099", later)


@chapter.extension()
async def doubles(trial: Trial) -> None:
    """A likely double is created all the same, and X-Possible-Duplicates names who was there."""
    sent = person()
    first = data(await trial.post(trial.at("/prospects"), sent), 201)
    answer = await trial.post(trial.at("/prospects"), sent)
    second = data(answer, 201)
    require(second["ID"] != first["ID"], "another person", second["ID"])
    said = answer.headers.get("x-possible-duplicates", "")
    require(
        str(first["ID"]) in said.replace(" ", "").split(","), f"X-Possible-Duplicates with {first['ID']}", f"“{said}”"
    )


@chapter.extension()
async def once(trial: Trial) -> None:
    """The same Idempotency-Key and body make one person, however often and at once they are sent."""
    sent, headers = person(), {"Idempotency-Key": f"verify-{token_hex(8)}"}
    path = trial.at("/prospects")
    answers = await asyncio.gather(*(trial.post(path, sent, headers=headers) for _ in range(TWINS)))
    for answer in answers:
        answer.has_status(201, 409)
    ids = {answer.json["data"]["ID"] for answer in answers if answer.status == 201}
    require(len(ids) == 1, "one person", sorted(ids))
    refuses(await trial.post(path, {**sent, "City": "Pasadena"}, headers=headers), 409)
