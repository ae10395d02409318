"""`openmedspa doctor`: looks the installation over and says what to do. Asks doctor.py, prints the answer."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

from openmedspa.cli.flags import DataDir, Json
from openmedspa.cli.tables import show_json
from openmedspa.cli.talk import BOLD, data, paint, say, typable
from openmedspa.kit.errors import Stopped

if TYPE_CHECKING:
    from openmedspa.doctor import Finding

FOUND_SOMETHING = 6
MARKS = {"well": "✓", "look": "!", "ill": "✗"}
COLOURS = {"well": "32", "look": "33", "ill": "31"}


async def doctor(*, as_json: Json = False, data_dir: DataDir = None) -> int:
    """Look at database, migrations, clock, secret key, carriers, disk, public URL and endpoints; exit code 6 if ill."""
    findings: list[Finding] = []
    async for finding in _look_over(data_dir):
        findings.append(finding)
        if not as_json:
            _tell(finding)
    ill = sum(finding.state == "ill" for finding in findings)
    if as_json:
        show_json([{name: getattr(finding, name) for name in finding.__struct_fields__} for finding in findings])
    elif sys.stdout.isatty():
        say("All is well." if not ill else f"{ill} of {len(findings)} need you.")
    return FOUND_SOMETHING if ill else 0


async def _look_over(data_dir: Path | None) -> "AsyncIterator[Finding]":
    """A database that does not answer, or a key that is missing, is a finding and not the end."""
    from msgspec.structs import replace

    from openmedspa.cli.database import as_marked, attached, is_own, open_system, with_secret_key
    from openmedspa.cli.start_card import address
    from openmedspa.doctor import Finding, look_over
    from openmedspa.kit.house import utc_now
    from openmedspa.settings import Settings

    with attached(Settings.read(data_dir=data_dir)) as found:
        try:
            settings = with_secret_key(await as_marked(found))
        except Stopped as stopped:
            yield Finding("database" if stopped.exit_code == 5 else "secret key", "ill", stopped.what, stopped.hint)
            return
        async with open_system(settings) as db:
            at = replace(settings, public_url=address(settings)) if settings.demo else settings
            is_kept = "secret_key" not in Settings.origins()
            async for finding in look_over(at, db, is_embedded=is_own(found), is_key_kept=is_kept, now=utc_now()):
                yield finding


def _tell(finding: "Finding") -> None:
    mark = paint(MARKS[finding.state], COLOURS[finding.state], stream="stdout")
    data(f"{mark} {paint(f'{finding.check:16}', BOLD, stream='stdout')} {finding.what}")
    if finding.fix:
        data(f"  {'':16} → {typable(finding.fix)}")
