"""Every code that we can refuse with has a page; what the page shows is what the server answers."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from journeys.samples import Sample, compare, here, samples
from served import Served, environment, free_port, serving

import openmedspa
from openmedspa.kit import errors

FOLDER = Path(__file__).parents[2] / "docs" / "errors"
PAGES = {path.stem: path for path in sorted(FOLDER.glob("*.md")) if path.stem != "README"}
CLASSES = {name: found for name, found in vars(errors).items() if isinstance(found, type) and hasattr(found, "code")}
NOT_RUN = {
    "unavailable": "the demo's database is there; tests/kit/test_away.py takes it away",
    "internal": "we know of no request that brings it about",
    "body_too_slow": "takes half a minute; tests/kit/test_slow_bodies.py waits for less",
    "role_missing": "takes a viewer with an authenticator app; tests/accounts/test_operator_sessions.py has one",
    "token_expired": "takes a token of yesterday; tests/partners/test_token_freshness.py makes one",
    "idempotency_running": "takes a first request that hangs; tests/partners/test_idempotency.py has one",
}
# General words, for which every refusal of today has a closer one; their pages show such a one.
UNANSWERED = {"unauthorized", "forbidden"}


def codes() -> Iterator[str]:
    """What the classes say by themselves, every `code=…` that one is made with, and what is `not_found("…")`."""
    yield from (found.code for found in CLASSES.values())
    for path in Path(openmedspa.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CLASSES:
                given = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
                if [ast.unparse(value) for value in given] == ["f'{of}_not_found'"]:
                    continue
                assert all(isinstance(value, ast.Constant) for value in given), f"{path}:{node.lineno}: no plain text"
                yield from (str(value.value) for value in given if isinstance(value, ast.Constant))
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "not_found":
                yield from (f"{of.value!s}_not_found" for of in node.args if isinstance(of, ast.Constant))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("errors")) as running:
        yield running


def request_of(code: str) -> Sample:
    """The page's one request, with the answer that it shows."""
    (found,) = samples(PAGES[code].read_text().replace(" no-test", ""))
    assert found.language == "sh"
    assert found.shown is not None
    return found


def run(script: str, served: Served, headers: Path) -> str:
    """What the reader sees; the headers of every answer go into a file."""
    script = f"curl() {{ command curl -D >(cat >> '{headers}') \"$@\"; }}\n{here(script, served, free_port())}"
    done = subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", script + "\nsleep 0.1"],
        cwd=headers.parent, env={**environment(), "OPENMEDSPA_DATA_DIR": str(served.data_dir)},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.stdout


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert set(PAGES) == set(codes())


def test_the_index_lists_each_page_under_its_status() -> None:
    index = (FOLDER / "README.md").read_text()
    listed = re.findall(r"\[`(\w+)`\]\((\w+)\.md\)", index)
    assert sorted(listed) == sorted((code, code) for code in PAGES)
    for code, path in PAGES.items():
        (status,) = re.findall(r"^Status (\d+)\.", path.read_text(), re.MULTILINE)
        section = index.partition(f"## {status}\n")[2].partition("\n## ")[0]
        assert f"({code}.md)" in section, code


@pytest.mark.parametrize("code", PAGES)
def test_a_page_says_cause_fix_and_example(code: str) -> None:
    text = PAGES[code].read_text()
    assert text.startswith(f"# `{code}`\n\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Fix", "Example"]
    assert ("no-test" in text) == (code in NOT_RUN)


@pytest.mark.parametrize("code", [code for code in PAGES if code not in NOT_RUN])
def test_its_example_answers_what_it_shows(code: str, served: Served, tmp_path: Path) -> None:
    sample, headers = request_of(code), tmp_path / "headers"
    compare(sample, run(sample.code, served, headers))
    if code in UNANSWERED or sample.shown_as == "text":  # pages and commands send no `Link`
        return
    (link,) = re.findall(r"^link: <(.+)>; rel=\"help\"", headers.read_text(), re.MULTILINE | re.IGNORECASE)[-1:]
    assert link == f"/docs/errors/{code}"
    assert httpx2.get(served.url + link).status_code == 200
