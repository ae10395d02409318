"""Checks of the webhook's URL: what is registered, and which URLs are none."""

from typing import Any

from openmedspa.verify.checks import Chapter
from openmedspa.verify.contract.words import BAD_REQUEST
from openmedspa.verify.shape import TEXT
from openmedspa.verify.trial import Trial

chapter = Chapter("webhooks", section="Endpoints: POST /webhooks")
UPDATED = {"success": True, "message": "Webhook URL updated successfully"}
NO_URLS = ("", " ", "emr.example.com/hook", "ftp://emr.example.com/", "https://", "javascript:alert(1)")
UNWANTED = (
    "https://user:word@emr.example.com/", "https://user@emr.example.com/", "https://emr.example.com/#part",
    "https://emr.example.com:99999/", "https://emr example.com/", "https://emr.example.com/" + "a" * 2048,
)  # fmt: skip


@chapter.documented("webhooks")
async def works(trial: Trial) -> None:
    """A URL is registered with 200 and the documents' sentence, and so is one that moves it."""
    for url in (trial.inbox.url, trial.inbox.url):
        (await trial.post("/webhooks", {"url": url})).is_(200, UPDATED)


@chapter.documented()
async def url_missing(trial: Trial) -> None:
    """Without a URL it is answered 400, in the documents' words; without any body as well."""
    for body in list[Any](({}, None)):
        (await trial.post("/webhooks", body)).refuses(400, BAD_REQUEST, "URL field is required in request body")


@chapter.documented()
async def url_bad(trial: Trial) -> None:
    """What is no http(s) URL is answered 400, in the documents' words."""
    for url in NO_URLS:
        (await trial.post("/webhooks", {"url": url})).refuses(400, BAD_REQUEST, "Invalid URL format")


@chapter.extension()
async def url_unwanted(trial: Trial) -> None:
    """A URL with user info, a fragment, no real port or over 2,048 characters is answered 400."""
    for url in UNWANTED:
        (await trial.post("/webhooks", {"url": url})).refuses(400, BAD_REQUEST, "Invalid URL format")


@chapter.extension()
async def url_of_another_kind(trial: Trial) -> None:
    """A URL that is no text is answered 400."""
    for url in (5, None, ["https://emr.example.com/"], True):
        (await trial.post("/webhooks", {"url": url})).refuses(400, TEXT, TEXT)


@chapter.extension()
async def unknown_field(trial: Trial) -> None:
    """A field that is not known is answered 400 and named."""
    (await trial.post("/webhooks", {"url": "https:", "colour": "red"})).names("colour")
