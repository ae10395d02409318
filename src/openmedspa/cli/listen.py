"""`openmedspa listen`: a developer's first webhook receiver. Knows secrets from flags, or from the demo beside it."""

from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from openmedspa.cli import talk
from openmedspa.cli.flags import DataDir, Json, switch
from openmedspa.cli.secret_words import read_secret
from openmedspa.kit.errors import Stopped

if TYPE_CHECKING:
    from openmedspa.cli.receiver import Known


def _secret(help_: str) -> Parameter:
    """A flag whose value may be kept from the process list."""
    safely = f"{help_} Safest as @FILE, or - for a line of stdin: a process list shows what is typed. May be repeated."
    return Parameter(negative="", help=safely, show_default=False, allow_leading_hyphen=True)


async def listen(
    *,
    port: Annotated[int, Parameter(help="Port to listen on; 0 for any that is free.")] = 9000,
    host: Annotated[str, Parameter(help="Address to listen on.")] = "127.0.0.1",
    secret: Annotated[tuple[str, ...], _secret("whsec_…, to check webhook-signature.")] = (),
    api_key: Annotated[tuple[str, ...], _secret("The key that set the URL, to check X-Signature.")] = (),
    header_secret: Annotated[tuple[str, ...], _secret("What X-Webhook-Secret must say.")] = (),
    fail: Annotated[int, Parameter(help="Answer 500 to the first so many, to see them come again.")] = 0,
    once: Annotated[bool, switch("Stop after the first verified webhook.")] = False,
    timeout: Annotated[float | None, Parameter(help="With --once: seconds to wait; exit code 1 if none came.")] = None,  # noqa: ASYNC109 a flag
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Receive webhooks, check their signatures and print a line for each. Without secrets, those of the demo count."""
    _require_sense(port=port, fail=fail, once=once, timeout=timeout)
    secret, api_key, header_secret = (
        tuple(read_secret(one, flag=flag, command="listen") for one in given)
        for flag, given in (("--secret", secret), ("--api-key", api_key), ("--header-secret", header_secret))
    )
    _require_signing_secrets(secret)
    from openmedspa.cli.receiver import Known, Receiver, served, until_done
    from openmedspa.settings import Settings

    given = Known(secrets=secret, api_keys=api_key, header_secrets=header_secret)
    folder = Settings.read(data_dir=data_dir).data_dir

    def known() -> Known:
        # Looked up each time: the demo may start after us, or change its secrets.
        return given if secret or api_key or header_secret else _of_demo(folder)

    receiver = Receiver(known, lambda got: talk.data(got.as_json() if as_json else got.line()), fail=fail)
    async with served(receiver, host, port):
        _say_what_is_checked(known)
        await until_done(receiver, once=once, seconds=timeout)


def _require_sense(*, port: int, fail: int, once: bool, timeout: float | None) -> None:
    if not 0 <= port <= 65535:
        raise Stopped(f"{port} is no port.", "openmedspa listen --port 9000", exit_code=2)
    if fail < 0 or (timeout is not None and not 0 < timeout < 1e6):
        raise Stopped("--fail and --timeout are numbers above 0.", "openmedspa listen --help", exit_code=2)
    if timeout is not None and not once:
        raise Stopped("--timeout goes with --once.", "openmedspa listen --once --timeout 60", exit_code=2)


def _require_signing_secrets(secret: tuple[str, ...]) -> None:
    if not all(map(_is_signing_secret, secret)):
        hint = "openmedspa webhooks secrets PARTNER"
        raise Stopped("--secret is not a webhook secret, which is whsec_ and base64.", hint, exit_code=2)


def _is_signing_secret(text: str) -> bool:
    try:
        return bool(b64decode(text.removeprefix("whsec_"), validate=True))
    except ValueError:
        return False


def _of_demo(folder: Path) -> "Known":
    from openmedspa.cli.receiver import Known
    from openmedspa.cli.start_card import find_note

    note = find_note(folder)
    if note is None:
        return Known()
    header_secret = note.get("webhook_secret")
    return Known([note["webhook_signing_secret"]], [note["api_key"]], [header_secret] if header_secret else [])


def _say_what_is_checked(known: "Callable[[], Known]") -> None:
    if not (known().secrets or known().api_keys or known().header_secrets):
        talk.say(talk.typable("No secret to check with yet: openmedspa serve --demo has some, or give --secret."))
