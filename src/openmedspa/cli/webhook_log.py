"""`openmedspa webhooks show`: one event, request, answers and timing, as far as one may see. Asks the slice, prints."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from openmedspa.cli.flags import DataDir, Json
from openmedspa.cli.tables import show_json
from openmedspa.cli.talk import BOLD, data, paint, typable, visible

if TYPE_CHECKING:
    from openmedspa.webhooks.history import History, Told, Try


async def show_event(
    event: Annotated[str, Parameter(help="evt_…, as `webhooks list --deliveries` shows it.")],
    /,
    *,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """All of one event: the request, every try with its answer, time and cause, and what comes next."""
    import msgspec

    from openmedspa.cli.database import open_desk
    from openmedspa.webhooks import history

    async with open_desk(data_dir) as desk:
        user_agent = desk.settings.webhook_user_agent
        found = await history.tell(desk.db, event, user_agent=user_agent, now=desk.now)
    if as_json:
        show_json(msgspec.to_builtins(found))
    else:
        _print(found)


def _print(found: "History") -> None:
    data(f"{found.event_id}  visit.completed  {found.occurred_at:%Y-%m-%d %H:%M:%S} UTC")
    for told in found.deliveries:
        data("")
        _print_delivery(told)
    data("")
    data(paint("Body", BOLD, stream="stdout"))
    data(found.body)
    if not found.deliveries:
        data("Nobody was subscribed to it.")


def _print_delivery(told: "Told") -> None:
    data(paint(f"{told.partner}, {told.endpoint}: {told.state}", BOLD, stream="stdout"))
    data(f"POST {told.url}")
    for name, value in told.headers:
        data(f"  {name}: {value}")
    for number, one in enumerate(told.tries, start=1):
        data(_line(number, one))
        if one.answer:
            data(f"      {visible(one.answer, 1000)}")
    data(typable(f"  Next: {told.next} {told.command}".rstrip()))


def _line(number: int, one: "Try") -> str:
    status = str(one.status) if one.status is not None else "–"
    return f"  {number}. {one.at:%Y-%m-%d %H:%M:%S} UTC [{status}] {one.duration_ms} ms  {visible(one.cause)}"
