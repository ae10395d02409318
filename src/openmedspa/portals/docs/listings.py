"""Pages made of the code: settings, decisions. Markdown out; so they cannot say what is not so."""

import re
from collections.abc import Iterator, Sequence

import msgspec

from openmedspa.portals.docs.shelf import Leaf
from openmedspa.settings import BARE, PREFIX, SECRETS, Settings

SETTING = re.compile(r"^#(?P<name>[A-Z][A-Z_]*)=(?P<example>.*)$")


def settings(samples: str) -> Leaf:
    """Every setting: the words of `.env.example`, the default of the code."""
    lines = [
        "# Settings",
        "",
        "Everything is read once at the start, from the environment. A flag of a command goes before the environment,",
        "the environment before the default. A secret may be given as a file instead: the same name with `_FILE`",
        "behind it. `openmedspa config show` says what holds here, and where each value comes from; an unknown name",
        f"that begins with `{PREFIX}` is refused with the nearest one that there is.",
        "",
    ]
    for names, words in _paragraphs(samples):
        lines += ["", f"## {', '.join(f'`{name}`' for name in names)}", "", words, ""]
        lines += [f"- {_told(name)}" for name in names]
    return Leaf("settings", "\n".join(lines))


def decisions(leaves: Sequence[Leaf]) -> Leaf:
    """The decisions on record, newest last."""
    lines = ["# Decisions", "", "Why it is built as it is: a page for each larger turn, with the roads not taken.", ""]
    return Leaf("decisions", "\n".join([*lines, *(f"- [{leaf.title}](/docs/{leaf.name})" for leaf in leaves)]) + "\n")


def _paragraphs(samples: str) -> Iterator[tuple[list[str], str]]:
    """The variables of each paragraph and its comment."""
    for paragraph in samples.split("\n\n"):
        lines = paragraph.splitlines()
        found = [match["name"] for line in lines if (match := SETTING.match(line))]
        names = [name for name in found if not name.endswith("_FILE")]
        words = [line.removeprefix("#").strip() for line in lines if line.startswith("# ") and not SETTING.match(line)]
        told = [line for line in words if not line.startswith(("Or the file that holds it", "python3 "))]
        if names:
            samples_of = [line for line in words if line.startswith("python3 ")]
            yield names, "\n".join([*told, *(f"\n```sh no-test\n{line}\n```" for line in samples_of)])


def _told(name: str) -> str:
    """One variable: its default, and how it comes from a file."""
    field = BARE.get(name) or name.removeprefix(PREFIX).lower()
    (default,) = (one.default for one in msgspec.structs.fields(Settings) if one.name == field)
    shown = str(default).lower() if isinstance(default, bool) else str(default)
    from_file = f"; or `{name}_FILE`, a file that holds it" if field in SECRETS else ""
    return f"`{name}`: {f'`{shown}` unless set' if shown else 'unset'}{from_file}"


def table(heads: Sequence[str], rows: "Iterator[tuple[str, ...]] | Sequence[tuple[str, ...]]") -> list[str]:
    """A Markdown table; a column in which nothing stands is left out."""
    told = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    kept = [at for at in range(len(heads)) if any(row[at] for row in told)]
    lines = [[heads[at] for at in kept], ["---"] * len(kept), *([row[at] for at in kept] for row in told)]
    return [f"| {' | '.join(line)} |" for line in lines]
