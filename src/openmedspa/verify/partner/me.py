"""Checks of a partner's own profile: shown, changed by itself, and put back as it was."""

from openmedspa.verify.answer import require
from openmedspa.verify.checks import Chapter
from openmedspa.verify.partner.trial import Trial, data, word
from openmedspa.verify.partner.words import ME, names

chapter = Chapter("me", section="My information")
READ_ONLY = {"PartnerID": 1, "Scopes": ["KB"], "PPass": "Elsewhere", "Keys": []}
CHANGEABLE = ("Company", "ContactName", "ContactEmail", "Phone", "Website")


@chapter.documented()
async def works(trial: Trial) -> None:
    """GET /me answers the partner's profile in `data`."""
    data(await trial.get("/me"))


@chapter.extension()
async def form(trial: Trial) -> None:
    """The profile has company, contact, scopes, practice and the keys by their beginning, and no other field."""
    body = (await trial.get("/me")).is_(200, {"data": ME})
    key = trial.given.key
    require(key not in str(body), "no key in full", "one")
    require(any(key.startswith(one["Prefix"]) for one in body["data"]["Keys"]), "our own key", body["data"]["Keys"])
    require(body["data"]["PPass"].lower() == trial.given.ppass.lower(), trial.given.ppass, body["data"]["PPass"])


@chapter.documented()
async def changes(trial: Trial) -> None:
    """PATCH /me changes the profile, and the next GET shows it."""
    before = data(await trial.get("/me"))
    said = f"Verify {word()}"
    try:
        changed = data(await trial.patch("/me", {"ContactName": said}))
        shown = data(await trial.get("/me"))
    finally:
        await trial.patch("/me", {"ContactName": before["ContactName"]})
    require(changed["ContactName"] == said == shown["ContactName"], f"ContactName: {said}", shown["ContactName"])


@chapter.extension()
async def leaves_the_rest(trial: Trial) -> None:
    """What a PATCH does not name stays as it was; null empties a field."""
    before = data(await trial.get("/me"))
    try:
        data(await trial.patch("/me", {"Website": f"https://{word()}.example.com"}))
        emptied = data(await trial.patch("/me", {"Website": None}))
    finally:
        await trial.patch("/me", {"Website": before["Website"]})
    require(emptied["Website"] is None, "Website: null", emptied["Website"])
    for name in ("Company", "ContactEmail", "Phone"):
        require(emptied[name] == before[name], f"{name} as before", emptied[name])


@chapter.extension()
async def read_only(trial: Trial) -> None:
    """What a partner may not change of itself is refused with 422 that names each field."""
    names(await trial.patch("/me", READ_ONLY), *READ_ONLY)


@chapter.extension()
async def values_bad(trial: Trial) -> None:
    """A value of another kind, a blank company and an address that is none are refused with 422."""
    for name, value in (("Company", " "), ("Company", None), ("ContactEmail", "nobody"), ("Phone", 5)):
        names(await trial.patch("/me", {name: value}), name)
