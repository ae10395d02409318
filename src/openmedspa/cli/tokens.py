"""`openmedspa tokens`: the keys that sign the partner API's tokens. Shows no secret: they never leave the database."""

from typing import Annotated

from cyclopts import App

from openmedspa.cli.flags import DataDir, Json, Yes, switch
from openmedspa.cli.tables import show
from openmedspa.cli.talk import confirm, data, say

app = App(name="tokens", help="The keys that sign access tokens.", version_flags=())
COLUMNS = {"kid": "KEY", "created_at": "CREATED", "retired_at": "RETIRED", "verifies_until": "VERIFIES UNTIL"}
AT_ONCE = "Every access token there is will be refused from now on; partners have to get new ones."
AS_THEY_EXPIRE = "A new key will sign from now on; tokens that are out stay good until they expire."


@app.command
async def rotate(
    *,
    end_now: Annotated[
        bool, switch("End every token that was given out, within a second: a signing key has leaked.")
    ] = False,
    yes: Yes = False,
    data_dir: DataDir = None,
) -> None:
    """Sign with a new key from now on. The old one verifies for 24 hours, the life of a token."""
    from openmedspa import installation
    from openmedspa.cli.database import open_desk
    from openmedspa.partners import tokens

    async with open_desk(data_dir) as desk:
        confirm(AT_ONCE if end_now else AS_THEY_EXPIRE, yes=yes)
        await installation.require_secret(desk.db, desk.vault)  # sealed with another, the key would open for nobody
        kid = await desk.write(
            lambda tx: tokens.rotate(tx, desk.vault, ends_all=end_now, actor=desk.actor, now=desk.now)
        )
    data(kid)
    say("The old tokens have ended." if end_now else "The old tokens end when they expire. All at once: --end-now")


@app.command(name="list")
async def list_(*, as_json: Json = False, data_dir: DataDir = None) -> None:
    """The keys that verify tokens; the first one signs."""
    from openmedspa.cli.database import open_desk
    from openmedspa.partners import tokens

    async with open_desk(data_dir) as desk:
        rows = await tokens.list_keys(desk.db, now=desk.now)
    show(rows, COLUMNS, as_json=as_json, nothing="No keys yet: the first server that starts makes one.")
