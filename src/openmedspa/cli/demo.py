"""`openmedspa demo`: the demo's address, key, ids and secrets, as they are in its database now."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from openmedspa.cli.flags import DataDir, Json, Port
from openmedspa.cli.tables import show_json
from openmedspa.cli.talk import data, say, typable

if TYPE_CHECKING:
    from openmedspa.settings import Settings


async def demo(*, as_json: Json = False, port: Port = None, data_dir: DataDir = None) -> None:
    """The demo's address, key, ids and secrets. `serve --demo` makes it."""
    from openmedspa.cli.database import adopt, attached, with_secret_key
    from openmedspa.demo.card import card
    from openmedspa.settings import Settings

    asked = Settings.read(port=port, data_dir=data_dir)
    with attached(asked) as settings:
        adopted = await adopt(settings)
        found: dict[str, Any] = dict(await card(with_secret_key(adopted) if adopted.demo else adopted))
    if "port" not in Settings.origins() and port is None:
        found = _as_served(found, asked)
    if as_json:
        show_json(found)
        return
    for name, value in _flat(found):
        data(f"{name}\t{value}")
    say(typable("To serve it: openmedspa serve --demo"))


async def refresh_note(settings: "Settings") -> None:
    """After a change of secrets: what `listen` finds beside the database is how they are now."""
    from openmedspa.cli.database import with_secret_key
    from openmedspa.cli.start_card import leave_note
    from openmedspa.demo.card import card

    leave_note(settings.data_dir, _as_served(dict(await card(with_secret_key(settings))), settings))


def _flat(card: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """`partner_api.foreign.ppass` and its like, each with its value."""
    for name, value in card.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, value


def _as_served(card: dict[str, Any], settings: "Settings") -> dict[str, Any]:
    """With the address of the last `serve --demo`, when no port was asked for."""
    from openmedspa.cli.start_card import find_note

    note = find_note(settings.data_dir)
    if note is None:
        return card
    exam_api, partner_api = card["exam_api"], card["partner_api"]
    served = note["base_url"].removesuffix("/emr")
    return {
        **card,
        "exam_api": {**exam_api, "base_url": f"{served}/emr"},
        "partner_api": {**partner_api, "base_url": f"{served}/v1"},
        "admin": {**card["admin"], "url": f"{served}/admin"},
        "partner_portal": {**card["partner_portal"], "url": f"{served}/partner"},
    }
