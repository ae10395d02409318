"""The page of the command line, made of the program itself. Imports all commands: only once somebody looks."""

import importlib
from collections.abc import Iterator

from cyclopts import App, Argument

from openmedspa.cli.commands import GROUPS, SWITCHES, Command
from openmedspa.portals.docs.listings import table
from openmedspa.portals.docs.shelf import Leaf

EXIT_CODES = [
    (0, "done"), (1, "it failed"), (2, "used wrongly"), (3, "not found"), (4, "refused"), (5, "cannot reach"),
    (6, "checks ran and found something"), (130, "Ctrl-C"),
]  # fmt: skip


def commands() -> Leaf:
    """Every command with what it takes, as the program itself has it."""
    lines = [
        "# Commands",
        "",
        "Data goes to standard output, talk to standard error. In a checkout the program is `.venv/bin/openmedspa`.",
        "",
        *table(["exit code", "means"], ((str(code), words) for code, words in EXIT_CODES)),
        "",
        "With every command:",
        "",
        *(f"- `{flag}`: {words}" for flag, words in {**SWITCHES, "--help": "What it takes."}.items()),
    ]
    for title, group in GROUPS.items():
        lines += ["", f"## {title}"]
        for command in group:
            for name, app in _apps(command):
                lines += ["", *_command(name, app)]
    return Leaf("commands", "\n".join(lines) + "\n")


def _apps(command: Command) -> Iterator[tuple[str, App]]:
    module, _, name = command.place.partition(":")
    found = getattr(importlib.import_module(f"openmedspa.cli.{module}"), name)
    if isinstance(found, App):
        yield from ((f"{command.name} {action}", found[action]) for action in command.actions)
        return
    app = App(name=command.name, help_flags=(), version_flags=())
    app.default(found)
    yield command.name, app


def _command(name: str, app: App) -> Iterator[str]:
    arguments = [argument for argument in app.assemble_argument_collection(parse_docstring=True) if argument.show]
    usage = " ".join(["openmedspa", name, *(_placed(argument) for argument in arguments if _is_placed(argument))])
    yield from [f"### `{name}`", "", " ".join(_help(app).split()), "", "```text", usage, "```", ""]
    rows = [
        (", ".join(f"`{name}`" for name in argument.names), argument.parameter.help or "", _default(argument))
        for argument in arguments
    ]
    if rows:
        yield from table(["takes", "meaning", "unless given"], rows)


def _help(app: App) -> str:
    """The first paragraph: the rest tells of arguments, which have a table."""
    return (app.help or "").split("\n\n")[0]


def _is_placed(argument: Argument) -> bool:
    return not argument.names[0].startswith("--")


def _placed(argument: Argument) -> str:
    name = argument.names[0]
    if argument.field_info.kind.name == "VAR_POSITIONAL":
        return f"[{name} …]"
    return name if argument.required else f"[{name}]"


def _default(argument: Argument) -> str:
    default = argument.field_info.default
    if argument.required or default in (None, False, (), "") or default is argument.field_info.empty:
        return "needed" if argument.required else ""
    return f"`{default}`"
