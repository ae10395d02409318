"""`openmedspa operators`: who may sign in to the dashboard. Shows a new account's secrets once and keeps none."""

import secrets
import sys
from getpass import getpass
from typing import Annotated, Literal

from cyclopts import App, Parameter

from openmedspa.cli.flags import DataDir, Json, Yes
from openmedspa.cli.tables import show, show_json
from openmedspa.cli.talk import confirm, data, has_switch, say, typable
from openmedspa.kit.errors import Stopped

app = App(name="operators", help="Who may sign in to the dashboard.", version_flags=())
COLUMNS = {
    "email": "E-MAIL", "name": "NAME", "role": "ROLE", "sessions": "SIGNED IN", "last_signed_in_at": "LAST SIGNED IN",
    "created_at": "CREATED", "disabled_at": "DISABLED",
}  # fmt: skip
Role = Literal["admin", "viewer"]


@app.command
async def create(
    email: str,
    /,
    *,
    name: Annotated[str, Parameter(help="Shown on the pages; the address unless given.")] = "",
    role: Annotated[Role, Parameter(help="An admin changes things, a viewer looks.")] = "viewer",
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Make an account. Asks for its password, or takes a line of stdin; with neither it makes one.

    The secret for the authenticator app is printed now and never again.
    """
    from openmedspa.accounts import operators
    from openmedspa.cli.database import open_desk

    password, is_ours = _password()
    async with open_desk(data_dir, makes=True) as desk:
        row, totp = await desk.write(
            lambda tx: operators.create(
                tx, desk.vault, email, name=name, role=role, password=password, actor=desk.actor, now=desk.now
            )
        )
    _show_secrets(row["email"], totp, password if is_ours else None, as_json=as_json)
    if not as_json:
        say(f"{row['email']} may sign in at /admin, as {row['role']}.")


@app.command
async def reset(email: str, /, *, yes: Yes = False, as_json: Json = False, data_dir: DataDir = None) -> None:
    """Give an account a new password and a new secret for the app; whoever is signed in with it is signed out."""
    from openmedspa.accounts import operators
    from openmedspa.cli.database import open_desk

    async with open_desk(data_dir) as desk:
        row = await operators.get(desk.db, email)
        confirm(f"The password and the app's secret of {row['email']} will count no more.", yes=yes)
        password, is_ours = _password()
        totp = await desk.write(
            lambda tx: operators.reset(tx, desk.vault, email, password=password, actor=desk.actor, now=desk.now)
        )
    _show_secrets(row["email"], totp, password if is_ours else None, as_json=as_json)


@app.command(name="list")
async def list_(*, as_json: Json = False, data_dir: DataDir = None) -> None:
    """All accounts: role, how often signed in at this moment, since when disabled."""
    from openmedspa.accounts import queries
    from openmedspa.cli.database import open_desk

    async with open_desk(data_dir) as desk:
        rows = await queries.list_operators(desk.db)
    nothing = typable("No accounts yet: openmedspa operators create you@example.com --role admin")
    show(rows, COLUMNS, as_json=as_json, nothing=nothing)


@app.command
async def role(email: str, role_: Role, /, *, data_dir: DataDir = None) -> None:
    """Make somebody an admin or a viewer, from the next page on."""
    from openmedspa.accounts import operators
    from openmedspa.cli.database import open_desk

    async with open_desk(data_dir) as desk:
        await desk.write(lambda tx: operators.set_role(tx, email, role_, actor=desk.actor, now=desk.now))
    data(f"{email}\t{role_}")


@app.command
async def disable(email: str, /, *, yes: Yes = False, data_dir: DataDir = None) -> None:
    """Let an account sign in no more, and sign it out everywhere at once; `operators enable` undoes it."""
    from openmedspa.accounts import operators
    from openmedspa.cli.database import open_desk

    async with open_desk(data_dir) as desk:
        row = await operators.get(desk.db, email)
        confirm(f"{row['email']} will be signed out everywhere. What is typed there at this moment is lost.", yes=yes)
        await desk.write(lambda tx: operators.switch(tx, email, is_on=False, actor=desk.actor, now=desk.now))
    data(f"{email}\tdisabled")


@app.command
async def enable(email: str, /, *, data_dir: DataDir = None) -> None:
    """Let a disabled account sign in again, with the password and app that it had."""
    from openmedspa.accounts import operators
    from openmedspa.cli.database import open_desk

    async with open_desk(data_dir) as desk:
        await desk.write(lambda tx: operators.switch(tx, email, is_on=True, actor=desk.actor, now=desk.now))
    data(f"{email}\tenabled")


@app.command(name="sign-out")
async def sign_out(email: str, /, *, data_dir: DataDir = None) -> None:
    """End every session of an account; it may sign in again."""
    from openmedspa.accounts import operators
    from openmedspa.cli.database import open_desk

    async with open_desk(data_dir) as desk:
        ended = await desk.write(lambda tx: operators.sign_out(tx, email, actor=desk.actor, now=desk.now))
    data(f"{email}\t{ended}")


@app.command
async def secret(switch: Literal["on", "off"], /, *, data_dir: DataDir = None) -> None:
    """Let OPENMEDSPA_ADMIN_SECRET open the dashboard, or not: off ends its sessions at once."""
    from openmedspa.accounts import operators
    from openmedspa.cli.database import open_desk

    async with open_desk(data_dir) as desk:
        await desk.write(lambda tx: operators.switch_secret(tx, is_on=switch == "on", actor=desk.actor, now=desk.now))
    data(f"admin secret\t{switch}")


def _password() -> tuple[str, bool]:
    """What is typed twice, or a line of stdin; with neither a new one, which is ours to show."""
    if not sys.stdin.isatty():
        line = sys.stdin.readline().rstrip("\r\n")
        return (line, False) if line else (secrets.token_urlsafe(16), True)
    if has_switch("--no-input"):
        return secrets.token_urlsafe(16), True
    first = getpass("Password (Enter makes one): ", stream=sys.stderr)
    if not first:
        return secrets.token_urlsafe(16), True
    if getpass("Once more: ", stream=sys.stderr) != first:
        raise Stopped("These are two different passwords; nothing was changed.", exit_code=2)
    return first, False


def _show_secrets(email: str, totp: str, password: str | None, *, as_json: bool) -> None:
    """The password only if nobody chose it."""
    from openmedspa.accounts.passwords import totp_address

    values = {"email": email, "totp_secret": totp, "totp_url": totp_address(totp, email)}
    values |= {"password": password} if password is not None else {}
    if as_json:
        show_json(values)
        return
    for field, value in values.items():
        data(f"{field}\t{value}")
    if sys.stderr.isatty() and not has_switch("--quiet"):
        _draw(values["totp_url"])
    say("Scan or type the secret into an authenticator app. It is not shown again.")


def _draw(address: str) -> None:
    """A QR code, to be scanned off the terminal."""
    import segno

    segno.make(address, error="m").terminal(out=sys.stderr, compact=True)
