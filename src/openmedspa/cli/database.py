"""Which database a command works on: the embedded one of its folder, or DATABASE_URL; and the secret key beside it.
Starts and stops, decides who may be served; holds no statement."""

import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime
from functools import cached_property
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace

from openmedspa import installation
from openmedspa.kit import embedded_postgres
from openmedspa.kit.db import SYSTEM_ROLE, Database, Tx, connect_pool
from openmedspa.kit.embedded_cluster import Home
from openmedspa.kit.errors import Stopped
from openmedspa.kit.fresh import Fresh
from openmedspa.kit.house import utc_now
from openmedspa.partners.keys import Environment
from openmedspa.settings import Settings

if TYPE_CHECKING:
    from openmedspa.kit.crypto import Vault

T = TypeVar("T")
KEY_FILE = "secret.key"
SHORTEST_KEY = 16
MAKE_KEY = 'export OPENMEDSPA_SECRET_KEY="$(openssl rand -base64 32)"'


class Desk:
    """What a command has at hand: the database as the role that sees all tenants, and who is typing."""

    def __init__(self, settings: Settings, db: Database) -> None:
        self.settings = settings
        self.db = db
        self.actor = f"cli:{_user()}"

    @property
    def now(self) -> datetime:
        return utc_now()

    @cached_property
    def vault(self) -> "Vault":
        """Opened on demand: most commands work without the secret key."""
        from openmedspa.kit.crypto import Vault

        return Vault(with_secret_key(self.settings).secret_key)

    async def write(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        """All that `work` does, or nothing."""
        return await self.db.write((), work)


@asynccontextmanager
async def open_desk(
    data_dir: Path | None, *, makes: bool = False, environment: Environment | None = None
) -> AsyncIterator[Desk]:
    """The database, migrated. One that is not there yet is made only for a command that writes the first rows.

    `environment`: what a new database becomes, and what one that is there has to be.
    """
    with attached(Settings.read(data_dir=data_dir, environment=environment), makes=makes) as found:
        settings = await adopt(found, wanted=environment)
        async with open_system(settings) as db:
            yield Desk(settings, db)


@asynccontextmanager
async def open_system(settings: Settings) -> AsyncIterator[Database]:
    """One connection as the role that sees all tenants; a command is too short to keep anything fresh."""
    pool = await connect_pool(settings.database_url, role=SYSTEM_ROLE, size=1)
    try:
        yield Database(pool, Fresh())
    finally:
        await pool.close()


@contextmanager
def attached(settings: Settings, *, makes: bool = False) -> Iterator[Settings]:
    """The settings with a database that answers: DATABASE_URL, or the folder's, started for us if nobody runs it."""
    if not settings.is_embedded:
        yield settings
        return
    if not makes and not is_made(settings.data_dir):
        raise Stopped(
            f"There is no database in {settings.data_dir} yet.",
            "openmedspa serve, or say where it is: --data-dir PATH",
            exit_code=3,
        )
    with embedded_postgres.attach(settings.data_dir) as dsn:
        yield replace(settings, database_url=dsn)


async def adopt(settings: Settings, *, wanted: Environment | None = None) -> Settings:
    """As the database is, and migrated: an embedded one by us, another by whoever runs it."""
    settings = await as_marked(settings, wanted=wanted)
    if is_own(settings):
        await installation.upgrade(settings)
    else:
        await installation.require_ready(settings)
    return settings


async def as_marked(settings: Settings, *, wanted: Environment | None = None) -> Settings:
    """As the database is: staging or production, demo or not; a word in the environment to the contrary is refused."""
    mark = await installation.find_mark(settings)
    if mark is not None and wanted not in (None, mark.environment):
        raise Stopped(
            f"The database here is {mark.environment}, and this is for {wanted}.",
            f"Use another database, or another folder: --data-dir .data-{wanted}",
            exit_code=4,
        )
    if mark is not None:
        is_told = "environment" in Settings.origins()
        environment = settings.environment if is_told else mark.environment
        settings = replace(settings, environment=environment, demo=mark.is_demo)
    return settings


def is_made(data_dir: Path) -> bool:
    """Whether a database was ever made in this folder."""
    return Home(data_dir.resolve()).cluster.exists()


def is_own(settings: Settings) -> bool:
    """Whether the database is the embedded one: that is ours to migrate."""
    return settings.database_url == Home(settings.data_dir.resolve()).dsn


def with_secret_key(settings: Settings) -> Settings:
    """The key that is set; beside an embedded database or a demo, one made once and kept in the data folder."""
    if settings.secret_key:
        if len(settings.secret_key) < SHORTEST_KEY:
            raise Stopped(f"OPENMEDSPA_SECRET_KEY is shorter than {SHORTEST_KEY} characters.", MAKE_KEY, exit_code=4)
        return settings
    if not is_own(settings) and not settings.demo:
        raise Stopped(
            "There is no OPENMEDSPA_SECRET_KEY, which seals secrets in the database.",
            f"{MAKE_KEY}, and keep it: sealed secrets open with no other.",
            exit_code=4,
        )
    return replace(settings, secret_key=_kept_key(settings.data_dir / KEY_FILE))


def _kept_key(path: Path) -> str:
    """1. Whoever comes first writes a whole key under a name of its own. 2. A link gives it the known name, or fails
    when somebody else was quicker. 3. All read what the known name holds."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        mine = path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(mine, path)
        mine.unlink()
    return path.read_text(encoding="ascii").strip()


def _user() -> str:
    try:
        return getuser()
    except (KeyError, OSError):  # an account without a name, as containers have them
        return str(os.getuid())
