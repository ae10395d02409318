"""`openmedspa worker`: the background work alone, beside `serve --no-worker` or as one more hand."""

import asyncio
import contextlib
import signal

from openmedspa.cli.flags import DataDir
from openmedspa.cli.talk import be_quiet, say


async def worker(*, data_dir: DataDir = None) -> None:
    """Send webhooks and do what else waits, until Ctrl-C."""
    from openmedspa import app
    from openmedspa import worker as background
    from openmedspa.cli.database import adopt, attached, with_secret_key
    from openmedspa.kit import logs
    from openmedspa.settings import Settings

    asked = Settings.read(data_dir=data_dir)
    logs.keep(asked.log_format)
    if asked.log_format == "json":
        be_quiet()
    me = asyncio.current_task()
    assert me is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, me.cancel)
    with contextlib.suppress(asyncio.CancelledError), attached(asked) as found:
        settings = with_secret_key(await adopt(found))
        async with app.open_house(settings) as house:
            say(f"The worker of {settings.environment} is at work. Ctrl-C stops it.")
            await background.run(house)
    say("Stopped.")
