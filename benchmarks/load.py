"""The load of one round: what is sent, by which tool, and the figures that come back. Any error ends the run."""

import itertools
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from benchmarks import stage

CONNECTIONS = 32
MOST_PER_SECOND = 12_000  # lines made ahead for a second of orders: more than anybody here answers
SCRIPT = Path(__file__).with_name("load.lua")
WRK = shutil.which("wrk")
TOOL = "wrk" if WRK else "the built-in aiohttp generator"


class Call(Struct, frozen=True):
    """One of the two hot calls, as the load sends it."""

    name: str
    method: str
    path: str


READ = Call("GET /emr/visits/{id}", "GET", "/")
ORDER = Call("POST /emr/appointments", "POST", "/emr/appointments")
CALLS = (READ, ORDER)


class Figures(Struct, frozen=True):
    """What one round came to."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    failed: int

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def pinned(cores: set[int]) -> list[str]:
    """What stands before a command so that it runs on these cores only."""
    return ["taskset", "-c", ",".join(map(str, sorted(cores)))] if shutil.which("taskset") else []


def run(call: Call, base: str, file: Path, *, seconds: float, cores: set[int]) -> Figures:
    """One round against one server. RuntimeError as soon as a single request failed."""
    url = base + call.path
    if WRK:
        whole = max(1, round(seconds))
        tool = [WRK, "-t1", f"-c{CONNECTIONS}", f"-d{whole}s", "-s", str(SCRIPT), url, "--"]
        tool += [call.method, str(file), stage.KEY]
    else:
        tool = [sys.executable, "-m", "benchmarks.load_builtin", url, call.method, str(file), stage.KEY]
        tool += [str(CONNECTIONS), str(seconds)]
    done = subprocess.run([*pinned(cores), *tool], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{TOOL} failed: {done.stderr or done.stdout}")
    figures = msgspec.json.decode(done.stdout.splitlines()[-1], type=Figures)
    if figures.failed or not figures.requests:
        raise RuntimeError(f"{call.name} at {base}: {figures.failed} of {figures.requests} requests failed")
    return figures


def write_lines(call: Call, file: Path, gfe_ids: list[str], *, seconds: float, seed: int) -> None:
    """The requests of one round: random visits; or orders, two for a new patient and one for a known one by turns."""
    chance = random.Random(seed)
    lines = _reads(gfe_ids, chance) if call is READ else _orders(len(gfe_ids), chance, seed)
    count = 50_000 if call is READ else int((seconds + 1) * MOST_PER_SECOND)
    file.write_text("".join(f"{line}\n" for line in itertools.islice(lines, count)), encoding="utf-8")


def _reads(gfe_ids: list[str], chance: random.Random) -> Iterator[str]:
    while True:
        yield f"/emr/visits/{chance.choice(gfe_ids)}"


def _orders(patients: int, chance: random.Random, seed: int) -> Iterator[str]:
    for number in itertools.count():
        known = chance.randint(1, patients) if number % 3 == 2 else None
        who = f"{known}" if known else f"{seed}x{number}"
        place = stage.LOCATIONS[known % 4] if known else chance.choice(stage.LOCATIONS)
        phone = f"+1202{known or number:07}"
        yield (
            f'{{"patient_details":{{"first_name":"Ana","last_name":"Lopez{who}","email":"ana{who}@example.com",'
            f'"phone":"{phone}"}},"location_id":"{place}","appointment_time":1900000000,'
            '"requested_treatments":["Botox Injection","Dermal Filler"]}'
        )
