"""From an empty folder to an order and a revoked key, as an operator and an EMR live it: real processes, real HTTP."""

from pathlib import Path

import httpx2
from cli.terminal import eventually, read_until, run, running

ORDER = {
    "patient_details": {
        "first_name": "Ana", "last_name": "Lopez", "email": "ana.lopez@example.com", "phone": "+12025550123",
    },
    "appointment_time": 1640995200,
    "requested_treatments": ["Botox"],
}  # fmt: skip


def test_a_staging_from_its_first_practice_to_a_revoked_key(tmp_path: Path) -> None:
    folder = ("--data-dir", str(tmp_path / "a folder"))

    def done(*words: str) -> str:
        ran = run(*words, *folder, OPENMEDSPA_ENVIRONMENT="staging")
        assert ran.code == 0, ran.err
        return ran.out.strip()

    assert done("practices", "create", "Bloom") == "Bloom"  # makes the database
    with running("serve", "--port", "0", *folder, OPENMEDSPA_ENVIRONMENT="staging") as server:
        base = read_until(server.stderr, "Exam API").split()[-1]
        location = done("locations", "create", "Bloom", "--state", "CA")
        done("treatments", "import", "--seed")
        done("favourites", "set", "Bloom", "Botox")
        partner = done("partners", "create", "Petal EMR")
        done("grants", "add", partner, location)
        key = done("keys", "create", partner, "--name", "first")
        assert key.startswith("oms_test_")

        def order() -> int:
            body = {**ORDER, "location_id": location}
            return httpx2.post(f"{base}/appointments", json=body, headers={"x-api-key": key}).status_code

        assert order() == 201
        second = run("serve", "--port", "0", *folder, OPENMEDSPA_ENVIRONMENT="staging")
        assert (second.code, second.err.count("\n")) == (4, 2)
        assert "is in use by another openmedspa serve" in second.err and "Stop that one (kill" in second.err

        assert done("keys", "revoke", "1", "--yes") == "key 1 revoked"
        eventually(lambda: order() == 401, seconds=1)
    assert server.returncode == 0

    first = run("serve", *folder)
    assert first.code == 4 and "The database here holds staging" in first.err
    assert "OPENMEDSPA_ENVIRONMENT=staging" in first.err
