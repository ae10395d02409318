"""Checks of the webhooks themselves: what is sent, its headers and signatures, and that it comes again when refused."""

import hmac
from base64 import b64decode, b64encode

from openmedspa.verify.answer import require
from openmedspa.verify.checks import Chapter
from openmedspa.verify.contract.words import COMPLETED_VISIT
from openmedspa.verify.inbox import Webhook
from openmedspa.verify.shape import TEXT, Is, differences
from openmedspa.verify.trial import Trial

chapter = Chapter("deliveries", section="Webhook visit.completed", needs=("treatments", "staging", "webhooks"))
MILLISECONDS = Is("a whole number", lambda value: type(value) is int)
CLOCKS_DIFFER = 300  # seconds, as the public Standard Webhooks libraries allow
RETRY_SECONDS = 15
EVENT = {
    "event": "visit.completed", "timestamp": MILLISECONDS, "success": True,
    "data": {"location_id": TEXT, **COMPLETED_VISIT},
}  # fmt: skip


def _header(webhook: Webhook, name: str) -> str:
    require(name.lower() in webhook.headers, f"the header {name}", "a webhook without it")
    return webhook.headers[name.lower()]


def _is(webhook: Webhook, name: str, wanted: str) -> None:
    came = _header(webhook, name)
    require(hmac.compare_digest(came.encode(), wanted.encode()), f"{name}: {wanted}", f"{name}: {came}")


@chapter.documented()
async def comes(trial: Trial) -> None:
    """A completed visit at a subscribed location is sent to the URL, in the contract's form and no other field."""
    _, webhook = await trial.webhook()
    wrong = list(differences(EVENT, webhook.json))
    require(not wrong, "the body of visit.completed", "; ".join(wrong[:4]))


@chapter.documented()
async def says_what_the_visit_says(trial: Trial) -> None:
    """The webhook's data is the visit as it is shown, with its location; but for the link to the record."""
    gfe_id, webhook = await trial.webhook()
    shown, data = await trial.show(gfe_id), dict(webhook.json["data"])
    for visit in (shown, data):
        visit.pop("pdf_link", None)
    wanted = {"location_id": trial.given.location, **shown}
    require(data == wanted, f"{wanted}", data)


@chapter.documented()
async def timestamp(trial: Trial) -> None:
    """The body's timestamp is the moment in milliseconds."""
    _, webhook = await trial.webhook()
    moment = webhook.json["timestamp"] / 1000
    require(abs(webhook.at - moment) < CLOCKS_DIFFER, f"about {round(webhook.at * 1000)}", webhook.json["timestamp"])


@chapter.documented()
async def headers(trial: Trial) -> None:
    """A webhook is JSON by its content type and comes from Spakinect-Webhook/1.0."""
    _, webhook = await trial.webhook()
    kind = _header(webhook, "Content-Type").partition(";")[0]
    require(kind == "application/json", "Content-Type: application/json", f"Content-Type: {kind}")
    _is(webhook, "User-Agent", "Spakinect-Webhook/1.0")


@chapter.documented("header_secret")
async def header_secret(trial: Trial) -> None:
    """X-Webhook-Secret is the secret that was agreed on."""
    _, webhook = await trial.webhook()
    _is(webhook, "X-Webhook-Secret", trial.given.header_secret)


@chapter.documented()
async def only_completed(trial: Trial) -> None:
    """A visit that is cancelled or missed is not sent."""
    await trial.subscribe()
    cancelled, missed = await trial.order(), await trial.order()
    (await trial.patch(f"/appointments/{cancelled}/cancel")).has_status(200)
    (await trial.stage(missed, "no-show")).has_status(200)
    await trial.webhook()  # ordered later and arrived: whatever was to come of the others would be here
    came = [gfe_id for gfe_id in (cancelled, missed) if trial.inbox.about(gfe_id)]
    require(came == [], "no webhook about them", came)


@chapter.extension()
async def x_signature(trial: Trial) -> None:
    """X-Signature is the hex HMAC-SHA256 of the body's bytes, keyed with the API key that set the URL."""
    _, webhook = await trial.webhook()
    _is(webhook, "X-Signature", hmac.digest(trial.given.key.encode(), webhook.body, "sha256").hex())


@chapter.extension()
async def standard_headers(trial: Trial) -> None:
    """Webhooks carry the three headers of Standard Webhooks, with a fresh moment in seconds."""
    _, webhook = await trial.webhook()
    require(_header(webhook, "webhook-id"), "webhook-id with a text", "an empty one")
    require(_header(webhook, "webhook-signature").startswith("v1,"), "webhook-signature: v1,…", "another form")
    sent = _header(webhook, "webhook-timestamp")
    is_fresh = sent.isdecimal() and abs(webhook.at - int(sent)) < CLOCKS_DIFFER
    require(is_fresh, f"webhook-timestamp: about {round(webhook.at)}", f"webhook-timestamp: {sent}")


@chapter.extension("secret")
async def standard_signature(trial: Trial) -> None:
    """The signature in webhook-signature is made as Standard Webhooks says, with the endpoint's whsec_ secret."""
    _, webhook = await trial.webhook()
    signed = f"{_header(webhook, 'webhook-id')}.{_header(webhook, 'webhook-timestamp')}.".encode() + webhook.body
    secret = b64decode(trial.given.secret.removeprefix("whsec_"))
    wanted = "v1," + b64encode(hmac.digest(secret, signed, "sha256")).decode()
    came = _header(webhook, "webhook-signature")
    require(wanted in came.split(), f"webhook-signature: {wanted}", f"webhook-signature: {came}")


@chapter.extension()
async def id_of_its_own(trial: Trial) -> None:
    """Two visits' webhooks have two webhook-ids."""
    ids = [_header((await trial.webhook())[1], "webhook-id") for _ in range(2)]
    require(len(set(ids)) == len(ids), "another webhook-id for another visit", ids)


@chapter.extension(slow=True)
async def again_when_refused(trial: Trial) -> None:
    """A webhook that was answered 500 comes again within seconds: the same webhook-id, the same body."""
    await trial.subscribe()
    gfe_id = await trial.order()
    trial.inbox.fail(gfe_id, 1)
    await trial.complete(gfe_id)
    seconds = min(trial.given.patience, RETRY_SECONDS)
    first, second = await trial.inbox.wait(gfe_id, count=2, seconds=seconds)
    ids = [_header(webhook, "webhook-id") for webhook in (first, second)]
    require(ids[0] == ids[1], f"webhook-id {ids[0]} again", ids[1])
    require(first.body == second.body, "the same body", second.body.decode(errors="replace"))
