"""What is typed wrong is refused in a sentence that says what is wrong and in another what to do; never a traceback."""

import pytest
from cast import Cast
from cli.terminal import Ran, run

from .conftest import Prompt

USAGE, NOT_FOUND, REFUSED, UNREACHABLE = 2, 3, 4, 5
GLOW = "Glow EMR"

# What is typed, the exit code, what is wrong, what to do.
WITHOUT_A_DATABASE = [
    ("kyes", USAGE, "There is no command kyes.", "Did you mean keys?"),
    ("xylophone", USAGE, "There is no command xylophone.", "--help"),
    ("--quick", USAGE, "There is no command --quick.", "--help"),
    ("keys creat", USAGE, 'Did you mean "create"?', "keys --help"),
    ("keys create", USAGE, "keys create takes a PARTNER or --staging.", "keys create --staging"),
    ("keys revoke", USAGE, "keys revoke needs NUMBER.", "keys revoke --help"),
    ("keys revoke three", USAGE, '"three" is no whole number', "keys revoke --help"),
    ("practices list --jsn", USAGE, "Unknown option: --jsn. Did you mean --json?", "practices list --help"),
    ("practices list Glow", USAGE, "There is no place for 'Glow'", "practices list --help"),
    ("practices create Glow --name", USAGE, "needs --name.", "practices create --help"),
    ("practices create Glow --name a --name b", USAGE, "--name was said more than once.", "practices create --help"),
    ("grants add Glow", USAGE, "grants add needs LOCATION.", "grants add --help"),
    ("favourites set Glow", USAGE, "favourites set needs TREATMENT.", "favourites set --help"),
    ("db upgrade --environment test", USAGE, "Invalid value", "db upgrade --help"),
    ("db downgrade", USAGE, 'Unknown command "downgrade"', "db --help"),
    ("serve --port 80000", USAGE, "80000 is no port.", "from 1 to 65535, or 0"),
    ("serve --port http", USAGE, '"http" is no whole number', "serve --help"),
    ("serve --workers 0", USAGE, "--workers does not fit: expected `int` >= 1.", "config show"),
    ("serve --host nowhere.invalid", USAGE, "nowhere.invalid is no address here", "--host 127.0.0.1"),
    ("serve --host 192.0.2.1", REFUSED, "192.0.2.1 is not an address of this computer.", "--host 127.0.0.1"),
    ("serve --demo --host 0.0.0.0", REFUSED, "not served on 0.0.0.0.", "serve --demo --host 127.0.0.1"),
    ("listen --port 70000", USAGE, "70000 is no port.", "listen --port 9000"),
    ("listen --fail -1", USAGE, "numbers above 0", "listen --help"),
    ("listen --timeout 3", USAGE, "--timeout goes with --once.", "listen --once --timeout 60"),
    ("listen --secret not-base64!", USAGE, "--secret is not a webhook secret", "webhooks secrets PARTNER"),
    ("treatments import", USAGE, "takes a FILE or --seed.", "treatments import --seed"),
    ("treatments import a.json --seed", USAGE, "takes a FILE or --seed.", "treatments import --seed"),
    ("treatments import nofile.json", NOT_FOUND, "nofile.json: No such file", ""),
    ("webhooks replay", USAGE, "takes an EVENT or --since.", "webhooks list --deliveries"),
    ("webhooks secrets X --set-header-secret --clear-header-secret", USAGE, "exclude each other", "Say one."),
    ("webhooks list --limit 0", USAGE, "--limit is a number from 1 to 10000.", "--limit 20"),
    ("routes --environment demo", USAGE, "Invalid value", "routes --help"),
    ("practices list", NOT_FOUND, "There is no database in .data yet.", "serve, or say where it is: --data-dir PATH"),
    ("db status --data-dir elsewhere", NOT_FOUND, "There is no database in elsewhere yet.", "--data-dir PATH"),
    ("practices create Glow --data-dir /proc/none", REFUSED, "/proc/none cannot hold the database", "--data-dir PATH"),
]
WITH_THE_CAST = [
    ("practices create G", USAGE, "“G” is no PPass", "Try "),
    ("practices create glowoffice", REFUSED, "There is a practice glowoffice already.", "practices list"),
    ("practices create New --time-zone America/Denvr", USAGE, "is no time zone.", "Did you mean America/Denver?"),
    ("practices create New --name=", USAGE, "The name is empty.", "--name"),
    ("locations create GlowOfice", NOT_FOUND, "There is no practice GlowOfice.", "Did you mean GlowOffice?"),
    ("locations create GlowOffice --id main", USAGE, "“main” is no location id", "Try loc_main1."),
    ("locations create GlowOffice --id loc_rival", REFUSED, "There is a location loc_rival already.", "locations list"),
    ("locations create GlowOffice --state California", USAGE, "is no state: two letters.", "Try CA."),
    ("locations list Glow", NOT_FOUND, "There is no practice Glow.", "GlowOffice?"),
    ("partners create 17", USAGE, "a name, and not one of digits only", "partners create"),
    ("partners create rival_emr", REFUSED, "There is a partner rival emr already.", "partners list"),
    ("grants add Glo_EMR loc_glow", NOT_FOUND, "There is no partner Glo EMR.", "Did you mean Glow EMR?"),
    ("grants add Glow_EMR loc_glw", NOT_FOUND, "There is no location loc_glw.", "Did you mean loc_glow?"),
    ("keys create Nobody", NOT_FOUND, "There is no partner Nobody.", "partners list"),
    ("keys create Glow_EMR --scope Exam", USAGE, "“Exam” is no scope.", "Did you mean Exams?"),
    ("keys create Glow_EMR --location loc_rival", REFUSED, "not granted to Glow", 'grants add "Glow EMR" loc_rival'),
    ("keys create Glow_EMR --expires soon", USAGE, "“soon” is no moment.", "90d or 2027-01-31"),
    ("keys create Glow_EMR --expires 2020-01-01", USAGE, "is past", "--expires 90d"),
    ("keys revoke 99 --yes", NOT_FOUND, "There is no key 99.", "keys list"),
    ("keys revoke 1", REFUSED, "Key 1 (test, Glow EMR) will be refused from now on.", "--yes"),
    ("favourites set GlowOffice Botx", NOT_FOUND, "There is no treatment “Botx”.", "Did you mean Botox Injection"),
    ("favourites list Nowhere", NOT_FOUND, "There is no practice Nowhere.", "practices list"),
    ("webhooks secrets Glow_EMR", NOT_FOUND, "Glow EMR has no webhook URL yet.", "POST /emr/webhooks"),
    ("webhooks replay evt_none", NOT_FOUND, "No delivery of evt_none", "webhooks list --deliveries"),
    ("webhooks replay --since yesterday", USAGE, "“yesterday” is no moment.", "2h or 20"),
    ("demo", NOT_FOUND, "The demo is not loaded here.", "serve --demo"),
]  # fmt: skip


def refused(ran: Ran, code: int, what: str, hint: str) -> None:
    """Two lines on stderr: what, and what to do. Nothing on stdout."""
    lines = ran.err.splitlines()
    assert ran.code == code, ran
    assert lines[0].startswith("Error: ") and what in lines[0], ran.err
    assert len(lines) == (2 if hint else 1), ran.err
    assert hint in lines[-1], ran.err
    assert ran.out == ""


@pytest.mark.parametrize(("typed", "code", "what", "hint"), WITHOUT_A_DATABASE, ids=lambda value: str(value)[:60])
def test_without_a_database(prompt: Prompt, typed: str, code: int, what: str, hint: str) -> None:
    refused(prompt(*typed.split()), code, what, hint)


@pytest.mark.parametrize(("typed", "code", "what", "hint"), WITH_THE_CAST, ids=lambda value: str(value)[:60])
def test_with_the_cast(still_desk: Prompt, typed: str, code: int, what: str, hint: str) -> None:
    refused(
        still_desk(*(word.replace("_", " ") if word.lower().endswith("_emr") else word for word in typed.split(" "))),
        code,
        what,
        hint,
    )


def test_a_refused_command_changes_nothing(desk: Prompt) -> None:
    before = desk("partners", "list").out
    assert desk("grants", "add", GLOW, Cast.RIVAL, "loc_nowhere").code == NOT_FOUND
    assert desk("partners", "list").out == before


def test_an_unknown_setting_is_named_with_the_nearest(prompt: Prompt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENMEDSPA_DATADIR", "x")
    refused(
        prompt("config", "show"), USAGE, "OPENMEDSPA_DATADIR is not a setting.", "Did you mean OPENMEDSPA_DATA_DIR?"
    )


def test_a_setting_that_does_not_fit_is_named_and_a_secret_not_shown(
    prompt: Prompt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "hunter2")
    ran = prompt("config", "show")
    refused(ran, USAGE, "PORT does not fit: expected `int`", "config show")
    assert "hunter2" not in ran.err


def test_a_secret_and_its_file_are_not_both_taken(prompt: Prompt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENMEDSPA_SECRET_KEY", "one")
    monkeypatch.setenv("OPENMEDSPA_SECRET_KEY_FILE", "other")
    refused(prompt("config", "show"), USAGE, "both say the same", "unset ")


def test_the_demo_is_never_production(prompt: Prompt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENMEDSPA_ENVIRONMENT", "production")
    refused(prompt("serve", "--demo"), USAGE, "The demo is always staging", "unset OPENMEDSPA_ENVIRONMENT")


def test_a_database_that_does_not_answer_is_5(prompt: Prompt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    refused(prompt("practices", "list"), UNREACHABLE, "The database does not answer", "Check DATABASE_URL")


def test_another_environment_than_the_databases_is_refused(still_desk: Prompt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENMEDSPA_ENVIRONMENT", "production")
    refused(still_desk("keys", "list"), REFUSED, "This database belongs to staging", "OPENMEDSPA_ENVIRONMENT=staging")


def test_what_is_not_utf8_is_refused(prompt: Prompt) -> None:
    refused(prompt("practices", "create", "Gl\udcffow"), USAGE, "not UTF-8", "LANG")


def test_our_own_failure_is_a_sentence_and_a_traceback_only_on_demand(
    prompt: Prompt, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_words: object, **_flags: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("openmedspa.settings.Settings.read", fail)
    refused(prompt("config", "show"), 1, "ZeroDivisionError: by zero", "config show --traceback")
    assert "Traceback" in prompt("config", "show", "--traceback").err


def test_the_exit_code_and_the_words_reach_the_shell() -> None:
    refused(run("keys", "creat"), USAGE, 'Did you mean "create"?', "-m openmedspa keys --help")
