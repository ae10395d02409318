"""The Markdown pages on disk: read once, each with its address, and where its links lead. Renders nothing."""

import posixpath
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct

import openmedspa

PACKAGE = Path(openmedspa.__file__).parent
# What stands outside docs/ and is served all the same, by the name it has in the address.
OUTSIDE = {
    "README.md": "quickstart", "SECURITY.md": "security", "CHANGELOG.md": "changelog",
    "CONTRIBUTING.md": "contributing", "STYLE.md": "style",
}  # fmt: skip
# What the code host shows and we do not serve.
ELSEWHERE = {"LICENSE": "https://www.apache.org/licenses/LICENSE-2.0"}
CONSOLES = {"/docs/console", "/docs/partner-console"}  # the pages that are no text
INDEX = "docs/README.md"
PICTURES = "docs/pictures/"
SAMPLES = ".env.example"
# On a code host these pages exist on a running demo only, so the pages name its address.
DEMO = "http://127.0.0.1:8000"
LINK = re.compile(r"(?<!!)\]\((?P<target>[^()\s]+)\)")
FENCE = re.compile(r"^\s*```")
REMARK = re.compile(r"^<!--.*?-->\n", re.MULTILINE)  # for those who change a file, not for those who read it


class Leaf(Struct, frozen=True):
    """One page: `name` stands in its address behind /docs/, `file` is its place in the repository ("" if made)."""

    name: str
    text: str
    file: str = ""

    @property
    def title(self) -> str:
        """Its first heading."""
        found = re.search(r"^# (.+)$", self.text, re.MULTILINE)
        return found[1].replace("`", "") if found else self.name

    @property
    def lede(self) -> str:
        """Its first paragraph, as plain text."""
        after = self.text.partition("\n# ")[2] if not self.text.startswith("# ") else self.text
        paragraph = after.partition("\n")[2].strip().split("\n\n")[0]
        return re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", " ".join(paragraph.split())).replace("`", "").replace("**", "")


class Entry(Struct, frozen=True):
    """One line of the index: what to read, where, and for what."""

    title: str
    name: str
    words: str


class Section(Struct, frozen=True):
    title: str
    entries: list[Entry]


def find_root() -> Path:
    """The checkout, or in an installed wheel the folder that holds copies of the same files."""
    checkout = PACKAGE.parents[1]
    return checkout if (checkout / INDEX).is_file() else PACKAGE / "pages"


class Shelf:
    """All pages by name; nothing is read from disk after this, so no address can lead out of it."""

    def __init__(self, root: Path) -> None:
        self.leaves = {leaf.name: leaf for leaf in _read(root)}
        self.pictures = {f"pictures/{path.name}": path.read_bytes() for path in (root / PICTURES).glob("*.png")}
        self.sample_settings = (root / SAMPLES).read_text(encoding="utf-8")
        self._names = {leaf.file: leaf.name for leaf in self.leaves.values()}
        self.sections = _sections(self)

    def add(self, leaf: Leaf) -> None:
        """A page that is made of the code."""
        self.leaves[leaf.name] = leaf

    def below(self, folder: str) -> list[Leaf]:
        """The pages of a folder, in the order of their files."""
        return [leaf for name, leaf in sorted(self.leaves.items()) if name.startswith(f"{folder}/")]

    def lead(self, file: str, target: str, *, suffix: str = "") -> str | None:
        """Where a page's link leads when served; None if that is not served. `suffix` .md stays among Markdown."""
        target = target.removeprefix(DEMO) or "/"
        path, mark, fragment = target.partition("#")
        if path.startswith("/"):
            is_page = path.startswith("/docs/") and path not in CONSOLES
            return path + (suffix if is_page else "") + mark + fragment
        if re.match(r"[a-z]+:|#", target) or target in ELSEWHERE:
            return ELSEWHERE.get(target, target)
        place = posixpath.normpath(posixpath.join(posixpath.dirname(file), path))
        name = self._named(place)
        if name is None:
            return None
        return address(name, "" if place.startswith(PICTURES) else suffix) + mark + fragment

    def markdown(self, leaf: Leaf) -> str:
        """The page's text with links that lead on among the .md pages of this server."""
        return "".join(_outside_fences(leaf.text, lambda line: LINK.sub(lambda found: self._again(leaf, found), line)))

    def _again(self, leaf: Leaf, found: re.Match[str]) -> str:
        return f"]({self.lead(leaf.file, found['target'], suffix='.md') or found['target']})"

    def _named(self, place: str) -> str | None:
        if place.startswith(PICTURES):
            picture = place.removeprefix("docs/")
            return picture if picture in self.pictures else None
        if place == SAMPLES:
            return "settings"
        if place in self._names:
            return self._names[place]
        folder = place.removeprefix("docs/")
        return folder if folder == "decisions" or folder in self.leaves else None


def address(name: str, suffix: str = "") -> str:
    """The path of a page; the index as Markdown keeps its file's name."""
    if not name:
        return "/docs/README.md" if suffix else "/docs"
    return f"/docs/{name}{suffix}"


def _read(root: Path) -> Iterator[Leaf]:
    for file, name in OUTSIDE.items():
        yield Leaf(name, (root / file).read_text(encoding="utf-8"), file)
    for path in sorted((root / "docs").rglob("*.md")):
        file = path.relative_to(root).as_posix()
        name = file.removeprefix("docs/").removesuffix(".md")
        yield Leaf(name.removesuffix("README").rstrip("/"), REMARK.sub("", path.read_text(encoding="utf-8")), file)


def _sections(shelf: Shelf) -> list[Section]:
    """The index page's headings and lists: the order of everything."""
    sections: list[Section] = []
    for line in shelf.leaves[""].text.splitlines():
        if line.startswith("## "):
            sections.append(Section(line[3:], []))
        elif found := re.match(r"- \[(?P<title>[^\]]+)\]\((?P<target>[^)]+)\)(?:: (?P<words>.*))?$", line):
            lead = shelf.lead(INDEX, found["target"]) or ""
            sections[-1].entries.append(
                Entry(found["title"], lead.removeprefix("/docs").strip("/"), found["words"] or "")
            )
    return sections


def _outside_fences(text: str, change: Callable[[str], str]) -> Iterator[str]:
    """Line by line; what stands in a code block stays as it is."""
    is_inside = False
    for line in text.splitlines(keepends=True):
        is_inside ^= bool(FENCE.match(line))
        yield line if is_inside else change(line)
