"""Checks of the knowledge base: read, searched, changed, and put back as it was."""

import asyncio
from typing import Any
from urllib.parse import quote

from openmedspa.verify.answer import require
from openmedspa.verify.checks import Chapter
from openmedspa.verify.partner.trial import Trial, data, entries, word
from openmedspa.verify.partner.words import ARTICLE, NOBODY, a_list, names, refuses

chapter = Chapter("knowledge", section="Knowledge base", needs=("kb", "article"))
ONE_AT_A_TIME = asyncio.Lock()  # the article is everybody's


async def _shown(trial: Trial) -> dict[str, Any]:
    return data(await trial.get(f"/kb/{trial.given.article}"))


@chapter.documented()
async def listed(trial: Trial) -> None:
    """The list is answered in `data`."""
    require(entries(await trial.get("/kb")), "some article", "an empty list")


@chapter.extension()
async def list_form(trial: Trial) -> None:
    """The list holds articles in the documented form, by pages."""
    body = (await trial.get("/kb?limit=2")).is_(200, a_list(ARTICLE))
    require(len(body["data"]) <= 2, "2 at most", len(body["data"]))


@chapter.documented()
async def shown(trial: Trial) -> None:
    """An article has KBID, Title, Article, Category, Type, Tags and Active, and nothing else."""
    body = (await trial.get(f"/kb/{trial.given.article}")).is_(200, {"data": ARTICLE})
    require(body["data"]["KBID"] == trial.given.article, f"KBID {trial.given.article}", body["data"]["KBID"])


@chapter.documented()
async def searched(trial: Trial) -> None:
    """?search finds an article by the words of its title, and nothing by words that no article has."""
    title = (await _shown(trial))["Title"]
    found = [one["KBID"] for one in entries(await trial.get(f"/kb?search={quote(title)}&limit=200"))]
    require(trial.given.article in found, f"{trial.given.article} among them", found)
    nothing = entries(await trial.get(f"/kb?search={word()}"))
    require(nothing == [], "nothing", nothing[:1])


@chapter.documented()
async def of_a_category(trial: Trial) -> None:
    """?category and ?type list the articles of this category, of this type."""
    listed = entries(await trial.get("/kb?limit=200"))
    sorted_in = [one for one in listed if one["Category"] and one["Type"]]
    require(sorted_in, "an article with a category and a type among the first 200", "none")
    article = sorted_in[0]
    for name in ("Category", "Type"):
        path = f"/kb?{name.lower()}={quote(article[name])}&limit=200"
        found = entries(await trial.get(path))
        others = {one[name] for one in found if one[name].lower() != article[name].lower()}
        require(found and not others, f"{name} {article[name]} only", sorted(others))
        none = entries(await trial.get(f"/kb?{name.lower()}={word()}"))
        require(none == [], "nothing", none[:1])


@chapter.documented()
async def changed(trial: Trial) -> None:
    """PUT changes what it names and leaves the rest."""
    async with ONE_AT_A_TIME:
        before = await _shown(trial)
        tags = f"{before['Tags']}, verify"
        try:
            after = data(await trial.put(f"/kb/{trial.given.article}", {"Tags": tags}))
            shown = await _shown(trial)
        finally:
            await trial.put(f"/kb/{trial.given.article}", {"Tags": before["Tags"]})
    require(after == shown == {**before, "Tags": tags}, f"Tags: {tags}, and the rest as before", shown)


@chapter.extension()
async def values_bad(trial: Trial) -> None:
    """A blank title, a value of another kind, an unknown field and the number are refused with 422 that names them."""
    path = f"/kb/{trial.given.article}"
    for body in list[Any](({"Title": " "}, {"Title": None}, {"Active": "yes"}, {"Tags": ["x"]}, {"KBID": 5}, {"X": 1})):
        names(await trial.put(path, body), *body)


@chapter.extension()
async def unknown(trial: Trial) -> None:
    """An article that does not exist is answered 404."""
    refuses(await trial.get(f"/kb/{NOBODY}"), 404)
    refuses(await trial.put(f"/kb/{NOBODY}", {"Tags": "verify"}), 404)


@chapter.extension()
async def nonsense(trial: Trial) -> None:
    """Whatever is searched for, the server answers."""
    for text in ("'", '"', "%", "&", "!", "(", ":*", "<->", "a & ", "😀", "\\"):
        (await trial.get(f"/kb?search={quote(text)}")).has_status(200)
