"""`listen`: a receiver that says of each webhook whether it is what it claims to be, and why not."""

import io
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cli.terminal import Running, read_until, run, running

from openmedspa.cli import receiver as receiver_room
from openmedspa.cli.receiver import Known, Receiver
from openmedspa.webhooks import signing

from .conftest import Prompt

SECRET = "whsec_" + "c2VjcmV0" * 5 + "c2U="
KEY, HEADER = "oms_test_key", "header-secret"
KNOWN = ("--secret", SECRET, "--api-key", KEY, "--header-secret", HEADER)
BODY = json.dumps({"event": "visit.completed", "data": {"gfe_id": "gfe_1"}}).encode()


class Listening:
    """A running `listen` and the sender that knows its secrets."""

    def __init__(self, process: Running) -> None:
        self.process = process
        self.url = read_until(process.stderr, "Listening on").split()[2]

    def send(self, body: bytes = BODY, *, sent: bytes | None = None, **changes: Any) -> tuple[int, str]:
        """The status answered and the line printed; `sent` goes out instead of the body that was signed."""
        signed = {
            "webhook_id": "evt_1", "timestamp": int(time.time()), "secret": SECRET, "user_agent": "test",
            "header_secret": HEADER, "api_key": KEY, **changes,
        }  # fmt: skip
        headers = signing.headers(body, **signed)
        status = httpx2.post(
            self.url + "/hook?x=1", content=body if sent is None else sent, headers=headers
        ).status_code
        return status, self.line()

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")


def listening(*flags: str) -> Iterator[Listening]:
    with running("listen", "--port", "0", *flags) as process:
        yield Listening(process)


@pytest.fixture(scope="module")
def receiver() -> Iterator[Listening]:
    yield from listening(*KNOWN)


@pytest.fixture
def programs() -> Iterator[Listening]:
    yield from listening(*KNOWN, "--json", "--fail", "1")


def test_a_signed_webhook_is_verified_three_ways(receiver: Listening) -> None:
    status, line = receiver.send()
    assert status == 200
    assert " [200] POST /hook?x=1 (" in line
    assert line.endswith("→ visit.completed gfe_1  ✓ webhook-signature  ✓ X-Signature  ✓ X-Webhook-Secret")


def test_the_same_id_is_marked(receiver: Listening) -> None:
    receiver.send(webhook_id="evt_twice")
    assert " (again)" in receiver.send(webhook_id="evt_twice")[1]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"sent": BODY.replace(b"gfe_1", b"gfe_2")}, "✗ webhook-signature: another secret was used, or the body was"),
        ({"sent": BODY.replace(b": ", b":")}, "✗ webhook-signature: the body was changed on the way: the same JSON"),
        ({"secret": "whsec_b3RoZXI="}, "✗ webhook-signature: another secret was used"),
        ({"timestamp": 1_700_000_000}, "✗ webhook-signature: clock off by"),
        ({"api_key": "another"}, "✗ X-Signature: another secret was used"),
        ({"header_secret": "another"}, "✗ X-Webhook-Secret: another secret was used"),
    ],
)
def test_what_does_not_fit_is_refused_and_explained(receiver: Listening, changes: dict[str, Any], why: str) -> None:
    status, line = receiver.send(**changes)
    assert status == 400 and "[400]" in line
    assert why in line


def test_what_is_absent_is_said(receiver: Listening) -> None:
    status, line = receiver.send(api_key=None, header_secret=None)
    assert status == 200
    assert line.endswith("✓ webhook-signature  – X-Signature absent  – X-Webhook-Secret absent")


def test_other_methods_and_long_bodies_are_refused(receiver: Listening) -> None:
    answer = httpx2.get(receiver.url)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert "[405] GET / " in receiver.line()
    assert httpx2.post(receiver.url, content=b"x" * (1024 * 1024 + 1)).status_code == 413
    assert "[413]" in receiver.line()


def test_a_strangers_words_do_not_reach_the_terminal_raw(receiver: Listening) -> None:
    body = json.dumps({"event": "\x1b[31mred\x07", "data": {"gfe_id": "\u202egfe"}}).encode()
    line = receiver.send(body)[1]
    assert "?[31mred? ?gfe" in line and line.isprintable()


def test_programs_get_a_line_of_json_and_retries_can_be_provoked(programs: Listening) -> None:
    status, line = programs.send()
    told = json.loads(line)
    assert (status, told["status"], told["verified"]) == (500, 500, False)
    assert told["note"] == "failing on demand, 1 of 1"
    status, line = programs.send()
    told = json.loads(line)
    assert (status, told["verified"], told["again"], told["id"]) == (200, True, False, "evt_1")
    assert told["body"] == json.loads(BODY)
    assert told["checks"]["X-Signature"] == {"verdict": "passes", "reason": ""}


def test_once_ends_after_the_first_that_is_verified() -> None:
    with running("listen", "--port", "0", *KNOWN, "--once", "--timeout", "20") as process:
        receiver = Listening(process)
        assert receiver.send(sent=b"{}")[0] == 400
        assert process.poll() is None
        assert receiver.send()[0] == 200
        assert process.wait(timeout=10) == 0


def test_once_fails_when_nothing_came_in_time() -> None:
    ran = run("listen", "--port", "0", "--once", "--timeout", "0.2", *KNOWN)
    assert ran.code == 1
    assert "No verified webhook came in 0.2 seconds." in ran.err


def test_without_a_secret_nothing_is_called_verified(tmp_path: Any) -> None:
    for each in listening("--data-dir", str(tmp_path), "--json"):
        told = json.loads(each.send()[1])
        assert told["status"] == 200 and not told["verified"]
        assert told["checks"]["webhook-signature"]["verdict"] == "unchecked"


def test_a_taken_port_names_another() -> None:
    with running("listen", "--port", "0") as process:
        port = Listening(process).url.rpartition(":")[2]
        ran = run("listen", "--port", port)
    assert ran.code == 4 and f"Port {port} is taken." in ran.err and "listen --port" in ran.err


def test_the_demos_secrets_are_found_beside_it_also_later(tmp_path: Any) -> None:
    with running("listen", "--port", "0", "--data-dir", str(tmp_path)) as process:
        receiver = Listening(process)
        note = {"exam_api": {"webhook_signing_secret": SECRET, "api_key": KEY, "webhook_secret": None}}
        (tmp_path / "demo.json").write_text(json.dumps(note))
        assert "✓ webhook-signature  ✓ X-Signature  ? X-Webhook-Secret" in receiver.send()[1]


def test_secrets_come_from_files_so_that_no_process_list_shows_them(tmp_path: Path) -> None:
    flags = []
    for flag, text in zip(KNOWN[::2], KNOWN[1::2], strict=True):
        (tmp_path / flag.strip("-")).write_text(text + "\n")
        flags += [flag, f"@{tmp_path / flag.strip('-')}"]
    for each in listening(*flags):
        assert each.send()[1].endswith("✓ webhook-signature  ✓ X-Signature  ✓ X-Webhook-Secret")


def test_secrets_come_a_line_each_from_stdin(prompt: Prompt, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Known] = []

    class Seen(Receiver):
        def __init__(self, known: Callable[[], Known], *rest: Any, **options: Any) -> None:
            super().__init__(known, *rest, **options)
            seen.append(known())

    monkeypatch.setattr(receiver_room, "Receiver", Seen)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{SECRET}\n{KEY}\n"))
    ran = prompt(
        "listen", "--port", "0", "--secret", "-", "--api-key", "-", "--header-secret", HEADER, "--once",
        "--timeout", "0.1",
    )  # fmt: skip
    assert ran.code == 1, ran.err
    assert seen == [Known(secrets=(SECRET,), api_keys=(KEY,), header_secrets=(HEADER,))]


def test_a_file_of_secrets_that_is_none_is_named(prompt: Prompt, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    ran = prompt("listen", "--api-key", "@nowhere")
    assert ran.code == 3 and "nowhere: No such file or directory." in ran.err
    ran = prompt("listen", "--api-key", "@empty")
    assert ran.code == 2 and "There is no secret for --api-key in empty." in ran.err


def test_the_next_flag_is_not_taken_for_a_secret(prompt: Prompt) -> None:
    ran = prompt("listen", "--api-key", "--once")
    assert ran.code == 2 and "--api-key is followed by --once" in ran.err
