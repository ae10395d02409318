"""Every command with its place in the code and its one line of help: the table the overview is printed from.
Imports nothing of ours and nothing heavy, so that `openmedspa --help` answers at once."""

# ruff: noqa: E501 - a table reads line by line

from typing import NamedTuple


class Command(NamedTuple):
    """`place` is imported only when the command is typed; `actions` are its subcommands."""

    name: str
    place: str
    help: str
    actions: tuple[str, ...] = ()


# fmt: off
GROUPS: dict[str, list[Command]] = {
    "Try it": [
        Command("serve",      "serve:serve",    "Answer the APIs and do the background work; --demo for invented data."),
        Command("demo",       "demo:demo",      "The demo's address, key, ids and secrets."),
        Command("listen",     "listen:listen",  "A webhook receiver that checks and prints what arrives."),
        Command("verify",     "verify:verify",  "Does a server, ours or another, keep the contracts?"),
        Command("slots",      "slots:slots",    "When a provider can be booked; --week draws the week."),
    ],
    "Set it up": [
        Command("practices",  "practices:app",  "Practices, the tenants.",                       ("create", "set", "list")),
        Command("locations",  "locations:app",  "Where practices see patients.",                 ("create", "list")),
        Command("agreements", "agreements:app", "Which exam groups examine for which practices.", ("add", "end", "list")),
        Command("providers",  "providers:app",  "Providers, their numbers and licences.",         ("list",)),
        Command("visit-types", "visit_types:app", "What somebody comes for, and how long it takes.", ("set", "list")),
        Command("treatments", "treatments:app", "The catalogue.",                                ("import", "list")),
        Command("favourites", "favourites:app", "What a practice likes best.",                   ("set", "list")),
        Command("partners",   "partners:app",   "Companies whose software talks to us.",         ("create", "set", "list")),
        Command("grants",     "grants:app",     "Which locations a partner may reach.",          ("add", "remove")),
        Command("keys",       "keys:app",       "API keys of partners.",                         ("create", "list", "limit", "rotate", "revoke")),
        Command("operators",  "operators:app",  "Who may sign in to the dashboard.",             ("create", "list", "role", "reset", "disable", "enable", "sign-out", "secret")),
        Command("tokens",     "tokens:app",     "The keys that sign access tokens.",             ("rotate", "list")),
        Command("import",     "import_:app",    "Bring your data, from CSV, JSON and .ics files.",      ("prospects", "products", "kb", "tickets", "providers", "hours", "bookings")),
        Command("webhooks",   "webhooks:app",   "Where webhooks go, their secrets, sending again.", ("list", "add", "remove", "on", "off", "secrets", "show", "replay")),
    ],
    "Run it": [
        Command("worker",     "worker:worker",  "The background work alone, beside serve --no-worker."),
        Command("outbox",     "outbox:app",     "Messages to patients: where they stand, what they say.", ("list", "show", "resend", "bounce")),
        Command("history",    "history:app",    "What changed about a thing, who did it and when.", ("prospect", "ticket", "visit", "article")),
        Command("doctor",     "doctor:doctor",  "Looks the installation over, and says what to do."),
        Command("db",         "db:app",         "The database and its migrations.",              ("upgrade", "status")),
        Command("routes",     "routes:routes",  "Every URL: method, path, scope, body, answer."),
        Command("config",     "config:app",     "Every setting, and where its value comes from.", ("show",)),
    ],
}
# fmt: on
WIDTH = 30
COMMANDS = {command.name: command for group in GROUPS.values() for command in group}
SWITCHES = {
    "--quiet": "Say nothing but data and errors.",
    "--no-input": "Never ask: refuse instead.",
    "--traceback": "On a failure of ours, show where it happened.",
}


def overview() -> str:
    """The page that `openmedspa --help` prints."""
    lines = ["Usage: openmedspa COMMAND …", ""]
    for title, group in GROUPS.items():
        rows = [(" ".join((command.name, "|".join(command.actions))).strip(), command.help) for command in group]
        lines += [title, *(f"  {_padded(usage)}{text}" for usage, text in rows), ""]
    lines += ["With every command", *(f"  {switch:{WIDTH}}{text}" for switch, text in SWITCHES.items())]
    lines += [f"  {'--help':{WIDTH}}What it takes.", "", "To begin: openmedspa serve --demo"]
    return "\n".join(lines)


def _padded(usage: str) -> str:
    """To the column of the words; a longer one takes a line of its own."""
    return f"{usage:{WIDTH}}" if len(usage) < WIDTH else f"{usage}\n{'':{WIDTH + 2}}"
