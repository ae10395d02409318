"""`openmedspa outbox`: messages to patients and owners. Asks the slice, prints the answer."""

import sys
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from openmedspa.cli.flags import DataDir, Json
from openmedspa.cli.tables import show as show_rows
from openmedspa.cli.tables import show_json
from openmedspa.cli.talk import data, say, typable, visible
from openmedspa.kit.errors import Stopped

if TYPE_CHECKING:
    from openmedspa.cli.database import Desk
    from openmedspa.kit.db import Tx
    from openmedspa.kit.house import House

app = App(name="outbox", help="Messages to patients: where they stand, what they say.", version_flags=())
COLUMNS = {
    "id": "ID", "queued_at": "WHEN", "address": "TO", "channel": "BY", "notice": "NOTICE", "state": "STATE",
    "cause": "CAUSE",
}  # fmt: skip
LARGEST_ID = 2**63 - 1
LARGEST_REPORT = 4 * 1024 * 1024


@app.default
@app.command(name="list")
async def list_(
    *,
    limit: Annotated[int, Parameter(help="How many.")] = 20,
    visit: Annotated[str | None, Parameter(help="Only those about this visit: gfe_…")] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """The latest messages and where they stand."""
    from openmedspa.cli.database import open_desk
    from openmedspa.notifications import outbox

    if not 1 <= limit <= 10_000:
        raise Stopped("--limit is a number from 1 to 10000.", "--limit 20", exit_code=2)
    async with open_desk(data_dir) as desk:
        rows = await desk.write(lambda tx: outbox.list_(tx, gfe_id=visit, limit=limit, actor=desk.actor, now=desk.now))
    show_rows(rows, COLUMNS, as_json=as_json, nothing="No messages yet: an order at home writes the first.")


@app.command
async def show(message_id: int, /, *, as_json: Json = False, data_dir: DataDir = None) -> None:
    """One message as it would be sent, with its link, which opens the visit for whoever has it."""
    from openmedspa.cli.database import open_desk
    from openmedspa.notifications import outbox

    if not 0 < message_id <= LARGEST_ID:
        raise Stopped(f"There is no message {message_id}.", "openmedspa outbox", exit_code=3)
    async with open_desk(data_dir) as desk:
        house = _house(desk)
        found = await desk.write(lambda tx: outbox.show(tx, message_id, house=house, actor=desk.actor, now=desk.now))
    if as_json:
        show_json({**{field: found.line[field] for field in COLUMNS}, "subject": found.subject, "text": found.text})
        return
    say(f"{found.line['state']}{': ' if found.line['cause'] else ''}{visible(str(found.line['cause']))}")
    for tried in found.tries:
        say(f"{tried['at']:%Y-%m-%d %H:%M:%S} {tried['outcome']}: {visible(tried['cause'])}")
    data(f"To: {visible(str(found.line['address']))}")
    if found.subject:
        data(f"Subject: {found.subject}")
    data(f"\n{found.text}")


@app.command
async def resend(gfe_id: str, /, *, data_dir: DataDir = None) -> None:
    """Invite a visit's patient again, with a new link; the old one ends. At most three times, ten minutes apart."""
    from openmedspa.cli.database import open_desk
    from openmedspa.exams import visits

    async with open_desk(data_dir) as desk:

        async def work(tx: "Tx") -> None:
            visit = await visits.lock_across_practices(tx, gfe_id)
            await visits.invite_again(tx, visit, actor=desk.actor, request_id=None, now=desk.now)

        await desk.write(work)
    say(typable(f"On its way. What it says: openmedspa outbox --visit {gfe_id}"))


@app.command
async def bounce(*, data_dir: DataDir = None) -> None:
    """Record from a mail server's delivery status report, read from stdin, that a message did not arrive."""
    from openmedspa.cli.database import open_desk
    from openmedspa.notifications import bounces

    if sys.stdin.isatty():
        raise Stopped("The report comes from stdin.", "openmedspa outbox bounce < report.eml", exit_code=2)
    report = sys.stdin.buffer.read(LARGEST_REPORT + 1)
    if len(report) > LARGEST_REPORT:
        raise Stopped("The report is larger than 4 MiB.", "openmedspa outbox bounce < report.eml", exit_code=2)
    async with open_desk(data_dir) as desk:
        row = await desk.write(lambda tx: bounces.record_report(tx, report, now=desk.now))
    data(f"message {row['id']} bounced")


def _house(desk: "Desk") -> "House":
    """What rendering takes."""
    from openmedspa.cli.start_card import address
    from openmedspa.kit.house import House

    settings = desk.settings
    return House(
        db=desk.db, system=desk.db, vault=desk.vault, allow_loopback=False,
        public_url=address(settings),
        is_production=settings.environment == "production",
    )  # fmt: skip
