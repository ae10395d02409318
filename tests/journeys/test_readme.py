"""The README by the letter: every shell line in it, run against a server of its own."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

from served import environment, free_port, serving

README = Path(__file__).parents[2] / "README.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
PRODUCTION = re.compile(r"^```sh no-test\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_its_lines_end_with_a_verified_webhook(tmp_path: Path) -> None:
    start, listen, *lines = BLOCK.findall(README.read_text())
    assert (start, listen) == ("make serve\n", ".venv/bin/openmedspa listen --port 9000\n")
    listening = free_port()
    with serving(tmp_path) as served:
        words = [sys.executable, "-m", "openmedspa", *listen.split()[1:-1], str(listening), "--data-dir", str(tmp_path)]
        words += ["--once", "--timeout", "30"]
        with subprocess.Popen(words, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as receiver:
            assert receiver.stdout is not None
            assert b"Listening" in receiver.stdout.readline()
            script = "\n".join(lines).replace(":8000/", f":{served.port}/").replace(":9000/", f":{listening}/")
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True, timeout=60, check=False
            )
            printed = receiver.communicate(timeout=40)[0].decode()
    assert done.returncode == 0, done.stderr
    assert receiver.returncode == 0, printed
    (gfe_id,) = set(re.findall(r"gfe_[0-9a-f]{32}", done.stdout))
    assert f"visit.completed {gfe_id}" in printed
    assert "✓ webhook-signature" in printed
    assert "✓ X-Signature" in printed
    assert done.stdout.count('"success":true') == 6


def test_what_it_prints_of_the_demo_is_true(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        card = served.demo()
    text = README.read_text()
    assert card["api_key"] in text
    assert card["location_id"] in text


def test_its_lines_for_production_do_what_they_say(tmp_path: Path) -> None:
    """All but the settings, which are the reader's own, and `serve`, which would go on for ever."""
    (block,) = PRODUCTION.findall(README.read_text())
    lines = [shlex.split(line, comments=True) for line in block.splitlines() if line.startswith("openmedspa ")]
    assert lines.pop() == ["openmedspa", "serve"]
    assert len(lines) == 8
    assert lines.pop() == ["openmedspa", "doctor"]  # which has much to say of an address without TLS (tests/cli)
    variables = {**environment(), "OPENMEDSPA_DATA_DIR": str(tmp_path), "OPENMEDSPA_ENVIRONMENT": "production"}
    for program, *words in lines:
        assert program == "openmedspa"
        done = subprocess.run(
            [sys.executable, "-m", "openmedspa", *words],
            env=variables, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, (words, done.stderr)
    assert re.fullmatch(r"oms_live_\w+", done.stdout.strip())
