"""`config show`: every setting with its value and where it came from, and no secret."""

import json
from pathlib import Path
from typing import Any

import pytest

from openmedspa.cli.config import HIDDEN
from openmedspa.settings import PREFIX, SECRETS, Settings

from .conftest import Prompt


def shown(prompt: Prompt, *flags: str) -> dict[str, Any]:
    ran = prompt("config", "show", "--json", *flags)
    assert ran.code == 0, ran.err
    return {row["setting"]: (row["value"], row["from"]) for row in json.loads(ran.out)}


def test_every_setting_is_shown(prompt: Prompt) -> None:
    assert len(shown(prompt)) == len(Settings.__struct_fields__)


def test_a_flag_goes_over_the_environment_and_that_over_the_default(
    prompt: Prompt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "8001")
    monkeypatch.setenv("OPENMEDSPA_DATA_DIR", "there")
    rows = shown(prompt, "--port", "8002")
    assert rows["PORT"] == (8002, "flag")
    assert rows["OPENMEDSPA_DATA_DIR"] == ("there", "OPENMEDSPA_DATA_DIR")
    assert rows["OPENMEDSPA_HOST"] == ("127.0.0.1", "default")


def test_secrets_are_masked_and_their_file_is_named(
    prompt: Prompt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("hunter2hunter2hunter2\n")
    monkeypatch.setenv("OPENMEDSPA_SECRET_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("DATABASE_URL", "postgresql://oms:hunter2@db/oms?password=hunter2&x=1")
    rows = shown(prompt)
    assert rows["OPENMEDSPA_SECRET_KEY"] == ("********", "OPENMEDSPA_SECRET_KEY_FILE")
    assert rows["DATABASE_URL"][0] == "postgresql://db/oms"


@pytest.mark.parametrize(
    ("url", "shown_as"),
    [
        ("postgresql://u:hunter2@h:5433/d", "postgresql://h:5433/d"),
        ("postgres://u:hun:ter2@h", "postgres://h"),
        ("postgresql://u:hun@ter2@[::1]:5432/d", "postgresql://[::1]:5432/d"),
        ("postgresql:///d?host=/run/hunter2&password=hunter2", "postgresql:///d"),
        ("postgresql://u:hun/ter2@h/d", HIDDEN),
        ("postgresql://u:12/hunter2@h/d", HIDDEN),
        ("postgresql://u:12?hunter2@h/d", HIDDEN),
        ("postgresql://u:12#hunter2@h/d", HIDDEN),
        ("postgresql://u:[hunter2@h/d", HIDDEN),
        ("postgresql://u:hunter2", HIDDEN),
        ("postgresql:u:hunter2@h", HIDDEN),
        ("u:hunter2@h", HIDDEN),
        ("host=h password=hunter2", HIDDEN),
        ("mysql://u:hunter2@h/d", HIDDEN),
    ],
)
def test_no_way_of_writing_the_url_shows_a_password(
    prompt: Prompt, monkeypatch: pytest.MonkeyPatch, url: str, shown_as: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    assert shown(prompt)["DATABASE_URL"][0] == shown_as


@pytest.mark.parametrize(
    "url",
    ["postgresql://u:hunter2/ss@h/d", "u:hunter2@h", "host=h password=hunter2", "postgresql://u:[hunter2@h/d"],
)
def test_a_url_that_is_none_is_refused_without_quoting_it(
    prompt: Prompt, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    ran = prompt("db", "status")
    assert ran.code == 5
    assert "DATABASE_URL is not a URL that PostgreSQL understands." in ran.err
    assert "hunter2" not in ran.out + ran.err


def test_a_child_process_reads_the_same_settings(tmp_path: Path) -> None:
    settings = Settings(demo=True, environment="staging", data_dir=tmp_path, workers=3, run_worker=False, port=0)
    assert Settings.read(settings.to_environ()) == settings


def test_home_is_understood_in_a_folder_from_the_environment() -> None:
    assert Settings.read({"OPENMEDSPA_DATA_DIR": "~/data"}).data_dir == Path.home() / "data"


def test_no_secret_setting_is_shown_whichever_it_is(prompt: Prompt, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"database_url": "postgresql://u:hunter2@h/d", "smtp_url": "smtp://u:hunter2@h:587"}
    for field in SECRETS:
        name = "DATABASE_URL" if field == "database_url" else f"{PREFIX}{field.upper()}"
        monkeypatch.setenv(name, values.get(field, "hunter2hunter2hunter2"))
    rows = shown(prompt)
    assert "hunter2" not in str(rows)
    assert rows["OPENMEDSPA_SMTP_URL"][0] == "smtp://h:587"
    assert rows["OPENMEDSPA_SMS_TOKEN"][0] == HIDDEN
