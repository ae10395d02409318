"""The guides by the letter: every sample in them, run against a server of its own; what they show is what comes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import open_page
from journeys.samples import compare, here, run_page, samples
from served import Served, free_port, serving

FOLDER = Path(__file__).parents[2] / "docs" / "guides"
PAGES = {path.stem: samples(path.read_text()) for path in sorted(FOLDER.glob("*.md"))}
BY_CALLS = {"python", "js", "php", "java"}  # the checks of signatures: test_verifying.py calls them
NOT_RUN = {
    "dashboard": "Prometheus's settings, and a line of the log",
    "going-live": "needs a machine, a name and a certificate of the reader's",
    "messages": "the carriers' accounts are invented",
    "webhooks": "the line of the second terminal, whose receiver is another process",
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("guides")) as running:
        yield running


@pytest.mark.parametrize("guide", PAGES)
def test_its_samples_do_what_they_show(guide: str, served: Served, tmp_path: Path) -> None:
    found = [sample for sample in PAGES[guide] if guide != "webhooks" or sample.language not in BY_CALLS]
    assert any(sample.is_run for sample in found)
    for sample, printed in run_page(found, served, tmp_path, listening=free_port()):
        if sample.shown is not None:
            compare(sample, printed)


async def test_their_javascript_also_runs_in_a_browser(served: Served) -> None:
    found = [
        sample for guide, page in PAGES.items() if guide != "webhooks" for sample in page if sample.language == "js"
    ]
    assert found
    async with open_page() as page:
        for sample in found:
            await page.goto(f"{served.url}/healthz")
            async with page.expect_console_message(lambda said: said.type == "log") as said:
                await page.evaluate(f"() => {{ {here(sample.code, served, 0)} }}")
            compare(sample, (await said.value).text)


@pytest.mark.parametrize("guide", PAGES)
def test_what_is_not_run_is_known(guide: str) -> None:
    left_out = [sample for sample in PAGES[guide] if "no-test" in sample.tag]
    assert bool(left_out) == (guide in NOT_RUN)
