"""Checks of tickets: opened, shown at both spellings, changed, commented on, listed by status."""

from typing import Any

from openmedspa.verify.answer import require
from openmedspa.verify.checks import Chapter
from openmedspa.verify.partner.trial import Trial, data, entries, word
from openmedspa.verify.partner.words import COMMENT, NOBODY, PRIORITIES, STATUSES, TICKET, a_list, names, refuses

chapter = Chapter("tickets", section="Tickets", needs=("tickets",))
DOCUMENTED = {"Comment": "This is a new comment", "Author": "Support Agent"}


@chapter.extension()
async def opened(trial: Trial) -> None:
    """A ticket is answered 201: open, of normal priority and without comments unless told otherwise."""
    subject = f"Verify {word()}"
    body = (await trial.post(trial.at("/tickets"), {"Subject": subject})).is_(201, {"data": TICKET})["data"]
    came = [body[name] for name in ("Subject", "Status", "Priority", "Comments")]
    require(came == [subject, "Open", "Normal", []], f"{subject}, Open, Normal, []", came)


@chapter.documented()
async def listed(trial: Trial) -> None:
    """The list is answered in `data`."""
    made = await trial.ticket()
    found = [one["TicketID"] for one in entries(await trial.get(trial.at("/tickets?limit=200")))]
    require(made["TicketID"] in found, f"{made['TicketID']} among them", found[:20])


@chapter.extension()
async def list_form(trial: Trial) -> None:
    """The list holds tickets in full, by pages."""
    await trial.ticket()
    body = (await trial.get(trial.at("/tickets?limit=1"))).is_(200, a_list(TICKET))
    require(len(body["data"]) == 1, "one", len(body["data"]))


@chapter.documented()
async def shown(trial: Trial) -> None:
    """GET /ticket/{id}, in the singular, shows a ticket with its comments."""
    made = await trial.ticket()
    shown = data(await trial.get(trial.at(f"/ticket/{made['TicketID']}")))
    require(shown == made, f"{made}", shown)


@chapter.extension()
async def plural(trial: Trial) -> None:
    """/tickets/{id} answers the same, shown and changed."""
    made = await trial.ticket()
    path = trial.at(f"/tickets/{made['TicketID']}")
    require(data(await trial.get(path)) == made, f"{made}", "another ticket")
    require(data(await trial.put(path, {"Status": "Pending"}))["Status"] == "Pending", "Status: Pending", "another")


@chapter.documented()
async def changed(trial: Trial) -> None:
    """PUT /ticket/{id} changes the status, and what else it names."""
    made = await trial.ticket()
    path = trial.at(f"/ticket/{made['TicketID']}")
    for fields in ({"Status": "Pending"}, {"Status": "Closed", "Priority": "High"}, {"Subject": f"Verify {word()}"}):
        after = data(await trial.put(path, fields))
        came = {name: after[name] for name in fields}
        require(came == fields, f"{fields}", came)
    shown = data(await trial.get(path))
    require((shown["Status"], shown["Body"]) == ("Closed", made["Body"]), "Closed, and the body as before", shown)


@chapter.documented()
async def commented(trial: Trial) -> None:
    """A comment in the documents' words stands under the ticket from then on."""
    made = await trial.ticket()
    answer = await trial.post(trial.at(f"/tickets/{made['TicketID']}/comment"), DOCUMENTED)
    answer.has_status(200, 201)
    comments = data(await trial.get(trial.at(f"/ticket/{made['TicketID']}")))["Comments"]
    came = [{name: one[name] for name in DOCUMENTED} for one in comments]
    require(came == [DOCUMENTED], f"{[DOCUMENTED]}", came)


@chapter.extension()
async def comment_form(trial: Trial) -> None:
    """A comment is answered 201 with its number and moment; several stand in their order."""
    made = await trial.ticket()
    path, said = trial.at(f"/tickets/{made['TicketID']}/comment"), [f"verify {word()}" for _ in range(3)]
    for comment in said:
        (await trial.post(path, {"Comment": comment, "Author": "Vera"})).is_(201, {"data": COMMENT})
    comments = data(await trial.get(trial.at(f"/ticket/{made['TicketID']}")))["Comments"]
    require([one["Comment"] for one in comments] == said, f"{said}", comments)


@chapter.extension()
async def words(trial: Trial) -> None:
    """Status and Priority are of the words there are, and nothing else."""
    made = await trial.ticket()
    path = trial.at(f"/ticket/{made['TicketID']}")
    for name, good in (("Status", STATUSES), ("Priority", PRIORITIES)):
        for value in good:
            require(data(await trial.put(path, {name: value}))[name] == value, value, "another word")
        for bad in (good[0].lower(), "", 5):
            names(await trial.put(path, {name: bad}), name)


@chapter.extension()
async def of_a_status(trial: Trial) -> None:
    """?status lists the tickets of this status, and an unknown word is refused with 422."""
    made = await trial.ticket(Status="Pending")
    found = entries(await trial.get(trial.at("/tickets?status=Pending&limit=200")))
    others = {one["Status"] for one in found} - {"Pending"}
    require(not others and made["TicketID"] in [one["TicketID"] for one in found], "pending ones only", sorted(others))
    names(await trial.get(trial.at("/tickets?status=Lost")), "status")


@chapter.extension()
async def fields_bad(trial: Trial) -> None:
    """A ticket without a subject, a comment without words what is read-only: refused with 422 that names them."""
    made = await trial.ticket()
    one = trial.at(f"/ticket/{made['TicketID']}")
    for body in list[Any](({}, {"Subject": " "}, {"Subject": None}, {"Subject": 5})):
        names(await trial.post(trial.at("/tickets"), body), "Subject")
    names(await trial.put(one, {"TicketID": 1, "Comments": [], "CreatedAt": "x"}), "TicketID", "Comments", "CreatedAt")
    comment = trial.at(f"/tickets/{made['TicketID']}/comment")
    names(await trial.post(comment, {"Author": "Vera"}), "Comment")
    names(await trial.post(comment, {"Comment": " ", "Author": "Vera"}), "Comment")


@chapter.extension()
async def unknown(trial: Trial) -> None:
    """A ticket that does not exist is answered 404, whatever is asked of it."""
    for method, path, body in (
        ("GET", f"/ticket/{NOBODY}", None), ("PUT", f"/ticket/{NOBODY}", {"Status": "Closed"}),
        ("POST", f"/tickets/{NOBODY}/comment", DOCUMENTED), ("GET", f"/tickets/{NOBODY}", None),
    ):  # fmt: skip
        refuses(await trial.send(method, trial.at(path), body), 404)
