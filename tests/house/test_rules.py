"""The house rules that a reader relies on: where SQL stands, how long things are, who imports whom, what routes say."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

import openmedspa
from openmedspa.cli.serve import uvicorn_options
from openmedspa.kit.http import Open, Route
from openmedspa.routes import exam
from openmedspa.routes.documents import exam_document, partner_document
from openmedspa.routes.partner import PARTNER_API
from openmedspa.settings import BARE, PREFIX, SECRETS, Settings

ROOT = Path(openmedspa.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
NAMES = [str(path.relative_to(ROOT)) for path in FILES]
# A slice's SQL stands in queries.py or, when that grew too long, in the files of a package of that name.
QUERIES = sorted([*ROOT.glob("*/queries.py"), *ROOT.glob("*/queries/[!_]*.py")])
SLICES = {path.relative_to(ROOT).parts[0] for path in QUERIES} - {"demo"}  # the demo is above them, like the CLI
LONGEST_FUNCTION, LONGEST_FILE = 50, 300
SQL = re.compile(
    r"^\s*(select\s.+\sfrom\s|insert\s+into\s|update\s+\w+\s+(\w+\s+)?set\s|delete\s+from\s|with\s+\w+\s+as\s|"
    r"create\s+(table|role|index|policy|trigger|function|database|schema)\s|alter\s+\w+\s|drop\s+\w+\s|truncate\s|"
    r"listen\s+\w|notify\s+\w|set\s+(local\s+)?\w+\s*=|select\s+(set_config|pg_\w+|exists)\b)",
    re.IGNORECASE | re.DOTALL,
)
# The kit's plumbing and the installation speak to PostgreSQL about itself; everything of the business is in queries.py.
MAY_HOLD_SQL = {"kit/db.py", "kit/migrate.py", "kit/fresh.py", "installation.py"}
UNWANTED = {"service.py", "utils.py", "helpers.py", "manager.py", "base.py"}
SERVER = "http://127.0.0.1:8000"
# Each API as it is served somewhere: how its paths begin, its table, its document.
APIS: dict[str, tuple[str, list[Route], dict[str, Any]]] = {
    "exam, production": ("/emr/", exam.routes("production"), exam_document("production", SERVER)),
    "exam, staging": ("/emr/", exam.routes("staging"), exam_document("staging", SERVER)),
    "partner": ("/v1/", PARTNER_API, partner_document(SERVER)),
}
SECURITY: dict[str, list[dict[str, list[str]]]] = {"/emr/": [{"apiKey": []}], "/v1/": [{"bearer": []}]}


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def texts(module: ast.Module) -> Iterator[str]:
    """Every string of a file, f-strings as a whole, but not its docstrings."""
    holders = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(module)
        if isinstance(node, holders) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_a_file_says_first_which_room_it_is(path: Path) -> None:
    docstring = ast.get_docstring(tree(path), clean=False)
    assert docstring, "no docstring"
    assert docstring[0].isupper() or not docstring[0].isalpha()


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_sql_stands_in_queries_and_migrations_only(path: Path) -> None:
    name = str(path.relative_to(ROOT))
    if path in QUERIES or name in MAY_HOLD_SQL or name.startswith("kit/embedded"):
        return
    assert [text for text in texts(tree(path)) if SQL.match(text)] == []


def test_the_search_for_sql_finds_it() -> None:
    for path in QUERIES:
        assert [text for text in texts(tree(path)) if SQL.match(text)], path
    assert not SQL.match("update the record") and not SQL.match("Select a location from the list".replace("from", "of"))


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_nothing_is_too_long(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= LONGEST_FILE, f"{lines} lines"
    long = {
        node.name: node.end_lineno - node.lineno + 1
        for node in ast.walk(tree(path))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.end_lineno and path not in QUERIES
        if node.end_lineno - node.lineno + 1 > LONGEST_FUNCTION
    }
    assert long == {}


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_no_file_has_a_name_that_says_nothing(path: Path) -> None:
    assert path.name not in UNWANTED


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, `from x import y` as `x.y`."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", [path for path in FILES if path.relative_to(ROOT).parts[0] in SLICES], ids=str)
def test_a_slice_imports_no_other_slices_queries(path: Path) -> None:
    foreign = {f"openmedspa.{name}.queries" for name in SLICES - {path.relative_to(ROOT).parts[0]}}
    assert [name for name in imports(path) if any((name + ".").startswith(f"{other}.") for other in foreign)] == []


@pytest.mark.parametrize("path", [path for path in FILES if path.parent.name == "kit"], ids=str)
def test_the_kit_knows_nobody(path: Path) -> None:
    ours = [name for name in imports(path) if name.startswith("openmedspa.") and not name.startswith("openmedspa.kit")]
    assert ours == []


@pytest.mark.parametrize("path", [p for p in FILES if p in QUERIES or p.name in {"shapes.py", "matching.py"}], ids=str)
def test_rules_and_queries_know_no_http(path: Path) -> None:
    assert not [name for name in imports(path) if name.startswith(("openmedspa.kit.http", "starlette"))]


@pytest.mark.parametrize("name", APIS)
def test_every_route_is_complete_and_declared_once(name: str) -> None:
    prefix, routes, _ = APIS[name]
    for route in routes:
        assert route.path.startswith(prefix)
        assert route.access is not None
        assert route.door.__doc__, route.door
        assert route.answer is not None
    assert len({(route.method, route.path) for route in routes}) == len(routes)
    assert len({route.door.__name__ for route in routes}) == len(routes)


@pytest.mark.parametrize("name", APIS)
def test_the_openapi_document_is_valid_and_lists_the_table(name: str) -> None:
    prefix, routes, document = APIS[name]
    OpenAPIV31SpecValidator(document).validate()
    listed = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert listed == {(route.method, route.path) for route in routes}
    is_open = {(route.method, route.path) for route in routes if isinstance(route.access, Open)}
    of_partners = {("POST", "/v1/{PPass}/auth/token"), ("POST", "/v1/access-requests")}
    assert is_open == (of_partners if prefix == "/v1/" else set())
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], path
            assert operation["security"] == ([] if (method.upper(), path) in is_open else SECURITY[prefix]), path
            for answer in operation["responses"].values():
                assert answer["content"]["application/json"]["example"] is not None


def test_the_example_of_an_environment_lists_every_setting_once() -> None:
    text = (ROOT.parents[1] / ".env.example").read_text(encoding="utf-8")
    listed = re.findall(r"^#([A-Z][A-Z_]*)=", text, re.MULTILINE)
    bare = {field: name for name, field in BARE.items()}
    names = {field: bare.get(field, PREFIX + field.upper()) for field in Settings.__struct_fields__}
    assert sorted(listed) == sorted([*names.values(), *(f"{names[field]}_FILE" for field in SECRETS)])
    values = dict(re.findall(r"^#([A-Z_]+)=(.+)$", text, re.MULTILINE))
    Settings.read({name: value for name, value in values.items() if not name.endswith("_FILE")})


def test_no_proxy_is_believed_when_told_none() -> None:
    settings = Settings.read({"OPENMEDSPA_TRUSTED_PROXIES": "none"})
    trusted = ProxyHeadersMiddleware(_nobody, uvicorn_options(settings)["forwarded_allow_ips"]).trusted_hosts
    assert "127.0.0.1" not in trusted and "::1" not in trusted
    assert "127.0.0.1" in ProxyHeadersMiddleware(_nobody, Settings.read({}).trusted_proxies).trusted_hosts


async def _nobody(*_: object) -> None: ...


@pytest.mark.parametrize("name", APIS)
def test_every_example_of_the_openapi_document_fits_its_schema(name: str) -> None:
    document = APIS[name][2]
    examples = [
        media
        for methods in [*document["paths"].values(), *document["webhooks"].values()]
        for operation in methods.values()
        for part in [*operation["responses"].values(), operation.get("requestBody", {})]
        for media in part.get("content", {}).values()
    ]
    assert len(examples) > 50
    for media in examples:
        OAS31Validator({**media["schema"], "components": document["components"]}).validate(media["example"])
