"""What `serve` greets with, and the note it leaves in a demo's folder for `listen` and `demo`. Decides nothing."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openmedspa import __version__
from openmedspa.cli.talk import BOLD, DIM, paint, typable

if TYPE_CHECKING:
    from openmedspa.settings import Settings

NOTE = "demo.json"
WIDTH = 13


def demo(settings: "Settings", card: dict[str, Any]) -> list[str]:
    """Everything a first order takes, to be copied."""
    exam_api, partner_api = card["exam_api"], card["partner_api"]
    leave_note(settings.data_dir, card)
    lines = [
        _line("Exam API", exam_api["base_url"]),
        _line("API key", exam_api["api_key"]),
        _line("Location", exam_api["location_id"]),
        "",
        _line("Partner API", partner_api["base_url"]),
        _line("API key", partner_api["api_key"] or "revoked"),
        _line("Practice", partner_api["ppass"]),
        "",
        _line("Dashboard", card["admin"]["url"], f"secret {card['admin']['secret'] or 'switched off'}"),
        _line("Partner page", card["partner_portal"]["url"], "sign in with the partner's API key"),
        "",
        _line("Guides", f"{settings.base_url}/docs"),
        _line("Outbox", f"{settings.base_url}/staging/outbox", "what patients were sent"),
        "",
        _line("Webhooks", typable("openmedspa listen"), "in another terminal"),
        _line("The rest", typable("openmedspa demo --json")),
        _line("Stop", "Ctrl-C"),
    ]
    return _page("the demo", "Invented people, public keys: for this computer only.", lines)


async def plain(settings: "Settings") -> list[str]:
    """For production and staging: where it is, and how to begin when nothing is in it yet."""
    base = settings.base_url
    lines = [_line("Exam API", f"{base}/emr"), _line("Partner API", f"{base}/v1")]
    lines += [_line("Dashboard", f"{base}/admin"), _line("Partner page", f"{base}/partner")]
    lines += [_line("Guides", f"{base}/docs"), _line("Stop", "Ctrl-C")]
    if await _is_empty(settings):
        lines += ["", _line("Begin", typable("openmedspa practices create GlowOffice"))]
        lines += [_line("Or look", typable("openmedspa serve --demo --data-dir .data-demo"), "invented data")]
    return _page(settings.environment, "", lines)


def leave_note(data_dir: Path, card: dict[str, Any]) -> None:
    """The card as a file beside the database, for its owner: what is asked without a server and without a database."""
    data_dir.mkdir(parents=True, exist_ok=True)
    new = data_dir / f"{NOTE}.{os.getpid()}"
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(card, file, indent=2)
    new.replace(data_dir / NOTE)


def address(settings: "Settings") -> str:
    """Where the server is reached: what was set, or for a demo's folder where its last `serve --demo` answered."""
    from openmedspa.settings import Settings

    is_told = settings.public_url or "port" in Settings.origins()
    note = find_note(settings.data_dir) if settings.demo and not is_told else None
    return note["base_url"].removesuffix("/emr") if note else settings.base_url


def find_note(data_dir: Path, *, api: str = "exam_api") -> dict[str, Any] | None:
    """One API's part of the card that the last `serve --demo` of this folder left."""
    try:
        card = json.loads((data_dir / NOTE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    found: dict[str, Any] | None = card.get(api) if isinstance(card, dict) else None
    return found


def _page(name: str, remark: str, lines: list[str]) -> list[str]:
    title = paint(f"OpenMedspa {__version__}", BOLD) + f" serves {name}."
    return ["", f"  {title} {paint(remark, DIM)}".rstrip(), "", *lines, ""]


def _line(label: str, value: str, remark: str = "") -> str:
    return f"  {paint(f'{label:{WIDTH}}', DIM)}{value}" + (f"   {paint(remark, DIM)}" if remark else "")


async def _is_empty(settings: "Settings") -> bool:
    from openmedspa.cli.database import open_system
    from openmedspa.practices import queries

    async with open_system(settings) as db:
        return not await queries.list_practices(db)
