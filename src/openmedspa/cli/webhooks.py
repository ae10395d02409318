"""`openmedspa webhooks`: where they go, their secrets, sending again. Asks the slice, prints the answer."""

import sys
from collections import Counter
from getpass import getpass
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from openmedspa.cli import webhook_log
from openmedspa.cli.flags import DataDir, Json, Yes, switch
from openmedspa.cli.moments import earlier
from openmedspa.cli.tables import show, show_json
from openmedspa.cli.talk import confirm, data, has_switch, say, typable
from openmedspa.kit.errors import NotFound, Stopped

if TYPE_CHECKING:
    from openmedspa.webhooks.replay import Replayed

app = App(name="webhooks", help="Where webhooks go, their secrets, sending again.", version_flags=())
app.command(webhook_log.show_event, name="show")
ENDPOINTS = {
    "partner": "PARTNER", "name": "NAME", "url": "URL", "location_ids": "LOCATIONS", "waiting": "WAITING",
    "failed": "GIVEN UP", "switched_off_at": "SWITCHED OFF", "switched_off_because": "BECAUSE",
}  # fmt: skip
DELIVERIES = {
    "event_id": "EVENT", "partner": "PARTNER", "endpoint": "ENDPOINT", "created_at": "CREATED", "tries": "TRIES",
    "status": "STATUS", "cause": "CAUSE", "due_at": "NEXT TRY", "delivered_at": "DELIVERED", "failed_at": "GIVEN UP",
}  # fmt: skip
SWITCH_ON = "To switch it on: openmedspa webhooks on PARTNER, or its software does: POST /emr/webhooks"
Endpoint = Annotated[str | None, Parameter(help="Which, by the name that `webhooks list` shows.")]


@app.command(name="list")
async def list_(
    partner: Annotated[str | None, Parameter(help="Only this partner's.")] = None,
    /,
    *,
    deliveries: Annotated[bool, switch("What was sent, the latest first, instead of where it goes.")] = False,
    limit: Annotated[int, Parameter(help="How many deliveries.")] = 20,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Each partner's endpoints, or with --deliveries what was sent to them."""
    from openmedspa.cli.database import open_desk
    from openmedspa.partners import registry
    from openmedspa.webhooks import queries

    if not 1 <= limit <= 10_000:
        raise Stopped("--limit is a number from 1 to 10000.", "--limit 20", exit_code=2)
    async with open_desk(data_dir) as desk:
        only = await registry.get_partner(desk.db, partner) if partner is not None else None
        if deliveries:
            rows = await queries.list_deliveries(desk.db, [only["id"]] if only else None, limit=limit)
            show(rows, DELIVERIES, as_json=as_json, nothing="Nothing was sent yet.")
            return
        rows = [row for row in await queries.list_endpoints(desk.db) if only is None or row["partner"] == only["name"]]
    nothing = "No endpoints yet: a partner's software sets one, POST /emr/webhooks"
    show(rows, ENDPOINTS, as_json=as_json, nothing=nothing)


@app.command
async def add(
    partner: str,
    url: str,
    /,
    *,
    name: Annotated[str | None, Parameter(help="What to call it; after its host unless said.")] = None,
    data_dir: DataDir = None,
) -> None:
    """One more endpoint, which gets every event of the partner's subscriptions, signed by a whsec_… of its own.

    It gets no X-Signature, which is keyed with an API key: none is known here.
    """
    from openmedspa.cli.database import open_desk
    from openmedspa.partners import registry
    from openmedspa.webhooks import endpoints

    async with open_desk(data_dir) as desk:
        row = await registry.get_partner(desk.db, partner)
        settings = desk.settings
        rules = {
            "production": settings.environment == "production",
            "allow_loopback": settings.demo and settings.is_loopback,
        }
        made = await desk.write(
            lambda tx: endpoints.add(tx, desk.vault, row, url, name=name, actor=desk.actor, now=desk.now, **rules)
        )
    data(made)
    say(typable(f'Its secrets: openmedspa webhooks secrets "{row["name"]}" --endpoint {made}'))


@app.command
async def remove(partner: str, name: str, /, *, yes: Yes = False, data_dir: DataDir = None) -> None:
    """Send nothing there any more. What was sent stays readable."""
    from openmedspa.cli.database import open_desk
    from openmedspa.partners import registry
    from openmedspa.webhooks import endpoints

    async with open_desk(data_dir) as desk:
        row = await registry.get_partner(desk.db, partner)
        found = await endpoints.get_endpoint(desk.db, row, name)
        confirm(f"{found['url']} of {row['name']} will be sent nothing any more.", yes=yes)
        given_up = await desk.write(lambda tx: endpoints.remove(tx, row, name, actor=desk.actor, now=desk.now))
    data(name)
    if given_up:
        say(f"{given_up} that waited are given up.")


@app.command
async def on(partner: str, name: str | None = None, /, *, data_dir: DataDir = None) -> None:
    """Switch an endpoint on again, or all of a partner's. What waited goes on; what was given up, a replay sends."""
    from openmedspa.cli.database import open_desk
    from openmedspa.partners import registry
    from openmedspa.webhooks import endpoints

    async with open_desk(data_dir) as desk:
        row = await registry.get_partner(desk.db, partner)
        found = await desk.write(lambda tx: endpoints.switch_on(tx, row, name, actor=desk.actor, now=desk.now))
    for was in found:
        data(was.name)
        if was.waiting:
            say(f"{was.waiting} that waited for {was.name} are on their way.")
        if was.missed:
            since = was.off_since.isoformat(timespec="seconds").replace("+00:00", "Z")
            again = f'openmedspa webhooks replay --since {since} --partner "{row["name"]}" --endpoint {was.name}'
            say(typable(f"{was.missed} were given up while {was.name} was off. To send them: {again}"))
    if not found:
        say("It is on already.")


@app.command
async def off(partner: str, name: str | None = None, /, *, data_dir: DataDir = None) -> None:
    """Switch an endpoint off, or all of a partner's. What happens meanwhile is kept, and can be replayed."""
    from openmedspa.cli.database import open_desk
    from openmedspa.partners import registry
    from openmedspa.webhooks import endpoints

    async with open_desk(data_dir) as desk:
        row = await registry.get_partner(desk.db, partner)
        names = await desk.write(lambda tx: endpoints.switch_off(tx, row, name, actor=desk.actor, now=desk.now))
    for switched in names:
        data(switched)
    say(typable(f'To switch it on: openmedspa webhooks on "{row["name"]}"') if names else "It is off already.")


@app.command
async def secrets(
    partner: str,
    /,
    *,
    endpoint: Endpoint = None,
    rotate_signing: Annotated[bool, switch("Make a new whsec_… first.")] = False,
    set_header_secret: Annotated[bool, switch("Read a new X-Webhook-Secret from stdin first.")] = False,
    clear_header_secret: Annotated[bool, switch("Send no X-Webhook-Secret any more.")] = False,
    yes: Yes = False,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Show the secrets by which a partner knows that a webhook is ours; change them if asked to."""
    from openmedspa.cli.database import open_desk
    from openmedspa.cli.demo import refresh_note
    from openmedspa.partners import registry
    from openmedspa.webhooks import secrets as secret

    if set_header_secret and clear_header_secret:
        raise Stopped("--set-header-secret and --clear-header-secret exclude each other.", "Say one.", exit_code=2)
    async with open_desk(data_dir) as desk:
        row = await registry.get_partner(desk.db, partner)
        await secret.show(desk.db, desk.vault, row, endpoint=endpoint)
        by: dict[str, Any] = {"endpoint": endpoint, "actor": desk.actor, "now": desk.now}
        if rotate_signing:
            confirm(f"The signing secret of {row['name']} will be another one.", yes=yes)
            await desk.write(lambda tx: secret.rotate_signing(tx, desk.vault, row, **by))
        if set_header_secret or clear_header_secret:
            new = _read_secret() if set_header_secret else None
            await desk.write(lambda tx: secret.set_header_secret(tx, desk.vault, row, new, **by))
        found = await secret.show(desk.db, desk.vault, row, endpoint=endpoint)
        if desk.settings.demo and (rotate_signing or set_header_secret or clear_header_secret):
            await refresh_note(desk.settings)
    values = {name: getattr(found, name) for name in found.__struct_fields__}
    if as_json:
        show_json(values)
    else:
        for name, value in values.items():
            data(f"{name}\t{value or '–'}")


@app.command
async def replay(
    event: Annotated[str | None, Parameter(help="evt_…, as `webhooks list --deliveries` shows it.")] = None,
    /,
    *,
    since: Annotated[str | None, Parameter(help="All since then: 2h, or 2026-11-21T09:00:00Z.")] = None,
    partner: Annotated[str | None, Parameter(help="Only to this partner.")] = None,
    endpoint: Endpoint = None,
    data_dir: DataDir = None,
) -> None:
    """Send again what was sent in the last 30 days: one event, or all since a moment. Receivers see the same id."""
    from openmedspa.cli.database import open_desk
    from openmedspa.partners import registry
    from openmedspa.webhooks.replay import Wanted, replay_event, replay_in_batches

    if (event is None) == (since is None):
        hint = "openmedspa webhooks list --deliveries"
        raise Stopped("webhooks replay takes an EVENT or --since.", hint, exit_code=2)
    async with open_desk(data_dir) as desk:
        moment = earlier(since, now=desk.now) if since is not None else None
        partner_id = (await registry.get_partner(desk.db, partner))["id"] if partner is not None else None
        wanted = Wanted(partner_id=partner_id, endpoint=endpoint)
        by: dict[str, Any] = {"actor": desk.actor, "now": desk.now}
        sent, left_out = 0, Counter[tuple[str, str]]()
        if event is not None:
            sent = _show_batch(await desk.write(lambda tx: replay_event(tx, event, wanted, **by)), left_out)
        elif moment is not None:
            async for batch in replay_in_batches(desk.write, moment, wanted, **by):
                if sent or left_out:
                    say(f"{sent + left_out.total()} so far …")
                sent += _show_batch(batch, left_out)
    for (name, url), count in left_out.items():
        say(f"{count} left out: {url} of {name} is switched off. {SWITCH_ON}")
    if event is not None and not (sent or left_out):
        raise NotFound(f"No delivery of {event} in the last 30 days.", "openmedspa webhooks list --deliveries")
    if left_out and not sent:
        raise Stopped("Nothing is on its way: the endpoint is switched off.", SWITCH_ON, exit_code=4)
    say(f"{sent} on their way." if sent else "Nothing was sent since then.")


def _show_batch(batch: "Replayed", left_out: Counter[tuple[str, str]]) -> int:
    """What is on its way, printed; what is not, counted."""
    for row in batch.sent:
        data(f"{row['event_id']}\t{row['url']}")
    left_out.update((row["partner"], row["url"]) for row in batch.left_out)
    return len(batch.sent)


def _read_secret() -> str:
    """From a pipe, or typed without being shown."""
    if sys.stdin.isatty():
        if has_switch("--no-input"):
            hint = 'printf %s "$SECRET" | openmedspa webhooks secrets PARTNER --set-header-secret'
            raise Stopped("The new secret comes from stdin.", hint, exit_code=2)
        return getpass("New X-Webhook-Secret: ")
    return sys.stdin.read().strip()
