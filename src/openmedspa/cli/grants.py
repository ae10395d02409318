"""`openmedspa grants`: which locations a partner may reach. Asks the slice, prints the answer."""

from cyclopts import App

from openmedspa.cli.flags import DataDir
from openmedspa.cli.talk import data, say, typable

app = App(name="grants", help="Which locations a partner may reach.", version_flags=())


@app.command
async def add(partner: str, location: str, /, *more: str, data_dir: DataDir = None) -> None:
    """Let a partner reach locations, with all of its keys that are not narrower."""
    from openmedspa.cli.database import open_desk
    from openmedspa.partners import registry

    wanted = (location, *more)
    async with open_desk(data_dir) as desk:
        new = await desk.write(lambda tx: registry.add_grants(tx, partner, wanted, actor=desk.actor, now=desk.now))
    for each in wanted:
        data(f"{each} {'granted' if each in new else 'was granted already'}")
    say(typable(f'Next, a key: openmedspa keys create "{partner}"'))


@app.command
async def remove(partner: str, location: str, /, *more: str, data_dir: DataDir = None) -> None:
    """Take locations away from a partner, from the next second on."""
    from openmedspa.cli.database import open_desk
    from openmedspa.partners import registry

    wanted = (location, *more)
    async with open_desk(data_dir) as desk:
        gone = await desk.write(lambda tx: registry.remove_grants(tx, partner, wanted, actor=desk.actor, now=desk.now))
    for each in wanted:
        data(f"{each} {'taken away' if each in gone else 'was not granted'}")
