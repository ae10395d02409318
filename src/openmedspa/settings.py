"""Every setting of a process, read once from the environment into one frozen object and passed in."""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, get_args

import msgspec
from msgspec import Meta, Struct

from openmedspa.kit.errors import Stopped
from openmedspa.kit.logs import Format
from openmedspa.partners.keys import Environment

PREFIX = "OPENMEDSPA_"
BARE = {"DATABASE_URL": "database_url", "PORT": "port"}
SECRETS = ("database_url", "secret_key", "admin_secret", "metrics_token", "smtp_url", "sms_token")
LongSecret = Annotated[str, Meta(pattern="^(.{20,200})?$")]  # too long to be guessed
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Settings(Struct, frozen=True, kw_only=True):
    """Flag > environment > default. Secrets may come from a file instead: `…_FILE`."""

    database_url: str = ""  # empty: the embedded PostgreSQL, in the data folder
    secret_key: str = ""  # seals webhook secrets, derives patient links; embedded: made once, kept in the data folder
    environment: Environment = "production"
    public_url: str = ""  # what patients' links begin with; empty: http://host:port
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8000  # 0: any that is free
    data_dir: Path = Path(".data")
    workers: Annotated[int, Meta(ge=1, le=64)] = 1  # web processes
    pool_size: Annotated[int, Meta(ge=1, le=1000)] = 16  # database connections a web process may open
    run_worker: bool = True  # do background work inside the web processes
    demo: bool = False
    trusted_proxies: str = "127.0.0.1"  # whose X-Forwarded-For is believed; comma-separated addresses
    call_days: Annotated[int, Meta(ge=1, le=3650)] = 90  # how long each call is kept; their sums stay
    webhook_user_agent: str = "Spakinect-Webhook/1.0"
    smtp_url: str = ""  # smtp:// (STARTTLS) or smtps:// with user:password@host:port; empty: mail stays in the outbox
    mail_from: str = ""  # whom mail comes from, an address; the practice's name stands beside it
    sms_url: str = ""  # of a Twilio-compatible API; empty: texts stay in the outbox
    sms_account: str = ""
    sms_token: str = ""
    sms_from: str = ""  # our number, or the carrier's name for a pool of them
    log_format: Format = "text"  # or json: an object a line
    admin_secret: LongSecret = ""  # opens /admin without an account, until it is switched off; at least 20 characters
    metrics_token: LongSecret = ""  # what Prometheus sends to read /metrics; at least 20 characters
    operator_email: str = ""  # who is told what no partner can be told

    @classmethod
    def read(cls, environ: Mapping[str, str] = os.environ, **flags: Any) -> "Settings":
        """From the environment, flags first. Stopped for an unknown OPENMEDSPA_… name or a value that does not fit."""
        values: dict[str, Any] = {
            field: _from_file(name, text) if name.endswith("_FILE") else text
            for field, (name, text) in _variables(environ).items()
        }
        values |= {field: value for field, value in flags.items() if value is not None}
        try:
            settings = msgspec.convert(values, cls, strict=False, dec_hook=_to_path)
        except msgspec.ValidationError as trouble:
            raise _unfit(str(trouble), cls.origins(environ), flags) from None
        return _as_demo(settings, is_chosen="environment" in values) if settings.demo else settings

    @staticmethod
    def origins(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
        """The variable that each setting was read from; settings at their default are left out."""
        return {field: name for field, (name, _text) in _variables(environ).items()}

    @property
    def is_embedded(self) -> bool:
        return not self.database_url

    @property
    def is_loopback(self) -> bool:
        return self.host in LOOPBACK

    @property
    def base_url(self) -> str:
        """Where this server is reached, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.public_url or f"http://{host}:{self.port}").rstrip("/")

    def to_environ(self) -> dict[str, str]:
        """What a child process reads to have the same settings."""
        names = {field: name for name, field in BARE.items()}
        return {
            names.get(field, PREFIX + field.upper()): str(value)
            for field, value in msgspec.structs.asdict(self).items()
            if value not in ("", None)
        }


def _to_path(_kind: type, value: Any) -> Path:
    """For msgspec, which knows every type of ours but this one."""
    return Path(value).expanduser()


def _variables(environ: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Each setting found, with its variable and that variable's text; an empty one counts as unset."""
    found: dict[str, tuple[str, str]] = {}
    for name, text in environ.items():
        field = BARE.get(name.removesuffix("_FILE")) or (
            name.removeprefix(PREFIX).removesuffix("_FILE").lower() if name.startswith(PREFIX) else None
        )
        if field is None or text == "":
            continue
        _require_known(name, field)
        if field in found:
            raise Stopped(f"{found[field][0]} and {name} both say the same.", f"unset {name}", exit_code=2)
        found[field] = (name, text)
    return found


def _unfit(trouble: str, origins: Mapping[str, str], flags: Mapping[str, Any]) -> Stopped:
    """Names the flag or variable to change; never its value, which may be a secret."""
    why, _, field = trouble.rstrip("`").partition(" - at `$.")
    flag = "--" + field.replace("_", "-")
    name = flag if flags.get(field) is not None else origins.get(field, flag)
    return Stopped(f"{name} does not fit: {why[0].lower()}{why[1:]}.", "openmedspa config show --help", exit_code=2)


def _as_demo(settings: "Settings", *, is_chosen: bool) -> "Settings":
    """The demo is staging. Stopped when it was told to be production."""
    if is_chosen and settings.environment != "staging":
        raise Stopped(
            f"The demo is always staging, and OPENMEDSPA_ENVIRONMENT says {settings.environment}.",
            "unset OPENMEDSPA_ENVIRONMENT",
            exit_code=2,
        )
    return msgspec.structs.replace(settings, environment="staging")


def _require_known(name: str, field: str) -> None:
    fields = Settings.__struct_fields__
    if field in fields and (not name.endswith("_FILE") or field in SECRETS):
        return
    known = [*BARE, *(PREFIX + known.upper() for known in fields if known not in BARE.values())]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.3)
    raise Stopped(f"{name} is not a setting.", f"Did you mean {near[0]}?" if near else "See .env.example.", exit_code=2)


def _from_file(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as trouble:
        raise Stopped(f"{name}: {trouble.strerror}: {path}", exit_code=2) from None


ENVIRONMENTS: tuple[str, ...] = get_args(Environment)
