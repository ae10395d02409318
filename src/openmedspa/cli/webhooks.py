"""`openmedspa webhooks`: where they go, their secrets, sending again. Asks the slice, prints the answer."""

import sys
from collections import Counter
from getpass import getpass
from typing import Annotated, Any

from cyclopts import App, Parameter

from openmedspa.cli.flags import DataDir, Json, Yes, switch
from openmedspa.cli.moments import earlier
from openmedspa.cli.tables import show, show_json
from openmedspa.cli.talk import confirm, data, has_switch, say
from openmedspa.kit.errors import Stopped

app = App(name="webhooks", help="Where webhooks go, their secrets, sending again.", version_flags=())
ENDPOINTS = {
    "partner": "PARTNER", "url": "URL", "location_ids": "LOCATIONS", "waiting": "WAITING", "failed": "GIVEN UP",
    "switched_off_at": "SWITCHED OFF",
}  # fmt: skip
DELIVERIES = {
    "event_id": "EVENT", "partner": "PARTNER", "created_at": "CREATED", "tries": "TRIES", "status": "STATUS",
    "cause": "CAUSE", "due_at": "NEXT TRY", "delivered_at": "DELIVERED", "failed_at": "GIVEN UP",
}  # fmt: skip
SWITCH_ON = "Its software switches it on: POST /emr/webhooks"


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
    """Each partner's endpoint, or with --deliveries what was sent to it."""
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
async def secrets(
    partner: str,
    /,
    *,
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
    from openmedspa.webhooks import secrets as endpoint

    if set_header_secret and clear_header_secret:
        raise Stopped("--set-header-secret and --clear-header-secret exclude each other.", "Say one.", exit_code=2)
    async with open_desk(data_dir) as desk:
        row = await registry.get_partner(desk.db, partner)
        await endpoint.show(desk.db, desk.vault, row)
        by: dict[str, Any] = {"actor": desk.actor, "now": desk.now}
        if rotate_signing:
            confirm(f"The signing secret of {row['name']} will be another one.", yes=yes)
            await desk.write(lambda tx: endpoint.rotate_signing(tx, desk.vault, row, **by))
        if set_header_secret or clear_header_secret:
            new = _read_secret() if set_header_secret else None
            await desk.write(lambda tx: endpoint.set_header_secret(tx, desk.vault, row, new, **by))
        found = await endpoint.show(desk.db, desk.vault, row)
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
    data_dir: DataDir = None,
) -> None:
    """Send again what was sent in the last 30 days: one event, or all since a moment. Receivers see the same id."""
    from openmedspa.cli.database import open_desk
    from openmedspa.partners import registry
    from openmedspa.webhooks.replay import replay as send_again

    if (event is None) == (since is None):
        hint = "openmedspa webhooks list --deliveries"
        raise Stopped("webhooks replay takes an EVENT or --since.", hint, exit_code=2)
    async with open_desk(data_dir) as desk:
        moment = earlier(since, now=desk.now) if since is not None else None
        partner_id = (await registry.get_partner(desk.db, partner))["id"] if partner is not None else None
        found = await desk.write(
            lambda tx: send_again(
                tx, event_id=event, since=moment, partner_id=partner_id, actor=desk.actor, now=desk.now
            )
        )
    for row in found.sent:
        data(f"{row['event_id']}\t{row['url']}")
    for (name, url), count in Counter((row["partner"], row["url"]) for row in found.left_out).items():
        say(f"{count} left out: {url} of {name} is switched off. {SWITCH_ON}")
    if found.left_out and not found.sent:
        raise Stopped("Nothing is on its way: the endpoint is switched off.", SWITCH_ON, exit_code=4)
    say(f"{len(found.sent)} on their way." if found.sent else "Nothing was sent since then.")


def _read_secret() -> str:
    """From a pipe, or typed without being shown."""
    if sys.stdin.isatty():
        if has_switch("--no-input"):
            hint = 'printf %s "$SECRET" | openmedspa webhooks secrets PARTNER --set-header-secret'
            raise Stopped("The new secret comes from stdin.", hint, exit_code=2)
        return getpass("New X-Webhook-Secret: ")
    return sys.stdin.read().strip()
