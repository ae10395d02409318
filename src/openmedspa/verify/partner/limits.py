"""Checks of what a key is told of its limits. Goes to no limit itself."""

from openmedspa.verify.answer import require
from openmedspa.verify.checks import Chapter
from openmedspa.verify.partner.trial import Trial
from openmedspa.verify.partner.words import refuses

chapter = Chapter("limits", section="Rate limits")
HEADERS = ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset")


@chapter.extension()
async def told(trial: Trial) -> None:
    """Every answer says how many calls the key may make, how many are left, and when all are there again."""
    for path in ("/me", trial.at("/invalid-path")):
        answer = await trial.get(path)
        for name in HEADERS:
            value = answer.headers.get(name, "")
            require(value.isdecimal(), f"the header {name} with a number", f"{answer.status} with “{value}”")
        limit, left = (int(answer.headers[name]) for name in HEADERS[:2])
        require(left < limit, f"fewer left than {limit}", f"{left} left")


@chapter.extension()
async def draft(trial: Trial) -> None:
    """The same stands in RateLimit and RateLimit-Policy, as the IETF's draft has them."""
    headers = (await trial.get("/me")).headers
    for name, parts in (("ratelimit", ("r=", "t=")), ("ratelimit-policy", ("q=", "w="))):
        said = headers.get(name, "")
        require(all(f";{part}" in said for part in parts), f"{name}: …;{';'.join(parts)}", f"{name}: {said}")


@chapter.extension()
async def wrong_calls_count(trial: Trial) -> None:
    """A refused call counts: it says what is left as well."""
    answer = await trial.patch("/me", {"ShoeSize": 38})
    refuses(answer, 422)
    require("ratelimit-remaining" in answer.headers, "the header ratelimit-remaining", "422 without it")
