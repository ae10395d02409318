"""The guide's ways to check a webhook, in four languages: a real delivery passes, whatever else is sent does not."""

import shutil
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path

import pytest
from browser import open_page
from cast import Cast, make_visit
from client import Client
from journeys.samples import samples
from msgspec import Struct
from msgspec.structs import replace
from receiver import receiver
from webhooks.sending import send_due, subscribe

from openmedspa.kit.house import House
from openmedspa.partners import registry
from openmedspa.webhooks import secrets
from openmedspa.webhooks.signing import standard_signature

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "webhooks.md"
# Appended to each sample: asks its two functions about every case of the arguments, seven words each.
ASKING = {
    "python": """
import sys
words = sys.argv[1:]
while words:
    (id_, sent, signed, legacy, body, secret, key), words = words[:7], words[7:]
    headers = {"webhook-id": id_, "webhook-timestamp": sent, "webhook-signature": signed, "x-signature": legacy}
    headers = {name: value for name, value in headers.items() if value}
    body = base64.b64decode(body)
    print(is_ours(headers, body, secret), is_ours_by_key(headers, body, key))
""",
    "js": """
async function ask(words, print) {
  while (words.length) {
    const [id, sent, signed, legacy, body, secret, key] = words.splice(0, 7);
    const all = { "webhook-id": id, "webhook-timestamp": sent, "webhook-signature": signed, "x-signature": legacy };
    const headers = Object.fromEntries(Object.entries(all).filter(([, value]) => value));
    print(await isOurs(headers, decode(body), secret), await isOursByKey(headers, decode(body), key));
  }
}
""",
    "php": """
$words = array_slice($argv, 1);
while ($words) {
    [$id, $sent, $signed, $legacy, $body, $secret, $key] = array_splice($words, 0, 7);
    $headers = array_filter([
        'webhook-id' => $id, 'webhook-timestamp' => $sent, 'webhook-signature' => $signed, 'x-signature' => $legacy,
    ], 'strlen');
    $body = base64_decode($body);
    $told = [is_ours($headers, $body, $secret), is_ours_by_key($headers, $body, $key)];
    echo implode(' ', array_map(fn ($one) => $one ? 'true' : 'false', $told)), "\\n";
}
""",
    "java": """
final class Ask {
    public static void main(String[] words) {
        for (int at = 0; at < words.length; at += 7) {
            Map<String, String> headers = new java.util.HashMap<>();
            String[] names = {"webhook-id", "webhook-timestamp", "webhook-signature", "x-signature"};
            for (int name = 0; name < 4; name++) {
                if (!words[at + name].isEmpty()) headers.put(names[name], words[at + name]);
            }
            byte[] body = Base64.getDecoder().decode(words[at + 4]);
            System.out.println(Webhooks.isOurs(headers, body, words[at + 5], 300)
                    + " " + Webhooks.isOursByKey(headers, body, words[at + 6]));
        }
    }
}
""",
}


class Request(Struct, frozen=True):
    """What a receiver sees, and the secrets that it knows."""

    id: str
    sent: str
    signed: str
    legacy: str
    body: bytes
    secret: str
    key: str

    def words(self) -> list[str]:
        return [self.id, self.sent, self.signed, self.legacy, b64encode(self.body).decode(), self.secret, self.key]

    def sent_at(self, moment: float) -> "Request":
        """Signed as well as can be, at another time."""
        signed = standard_signature(self.secret, self.id, int(moment), self.body)
        return replace(self, sent=str(int(moment)), signed=signed)


@pytest.fixture
async def delivered(glow_emr: Client, house: House) -> Request:
    """A real one."""
    async with receiver() as endpoint:
        await subscribe(glow_emr, endpoint.url)
        await make_visit(glow_emr, status="Completed", patient={"first_name": "Zoë", "last_name": "Østergård"})
        await send_due(house)
        (came,) = await endpoint.wait_for(1)
    partner = await registry.get_partner(house.system, "Glow EMR")
    secret = (await secrets.show(house.system, house.vault, partner)).webhook_signing_secret
    got = {name.lower(): value for name, value in came.headers.items()}
    return Request(
        got["webhook-id"], got["webhook-timestamp"], got["webhook-signature"], got["x-signature"], came.body, secret,
        Cast.GLOW_KEY,
    )  # fmt: skip


def cases(real: Request) -> list[tuple[str, Request, tuple[bool, bool]]]:
    """What a receiver may see, and what it is to believe: by webhook-signature, by X-Signature."""
    other = "whsec_" + b64encode(b"another secret of thirty-two byt").decode()
    now = time.time()
    return [
        ("as it came", real, (True, True)),
        ("a body that was changed", replace(real, body=real.body.replace(b"Completed", b"completed")), (False, False)),
        ("a body written anew", replace(real, body=real.body.replace(b":", b": ")), (False, False)),
        ("another secret", replace(real, secret=other, key=Cast.RIVAL_KEY), (False, False)),
        ("another id", replace(real, id="evt_other"), (False, True)),
        ("another time", replace(real, sent=str(int(real.sent) + 1)), (False, True)),
        ("sent six minutes ago", real.sent_at(now - 360), (False, True)),
        ("sent four minutes ago", real.sent_at(now - 240), (True, True)),
        ("sent in six minutes", real.sent_at(now + 360), (False, True)),
        ("no time at all", replace(real, sent="soon"), (False, True)),
        ("no headers", replace(real, id="", sent="", signed="", legacy=""), (False, False)),
        ("two signatures", replace(real, signed=f"v1,bm90IHRoaXM= {real.signed}"), (True, True)),
        ("a signature that is none", replace(real, signed="v1,%%%", legacy="zz"), (False, False)),
        ("a signature cut short", replace(real, signed=real.signed[:20], legacy=real.legacy[:20]), (False, False)),
    ]


def sample(language: str) -> str:
    """The guide's code in that language; there is one of each."""
    (found,) = (one for one in samples(GUIDE.read_text()) if one.language == language)
    return found.code + ASKING[language]


def ask(program: Sequence[str], real: Request) -> None:
    """Run it on every case, and compare what it believes."""
    told = cases(real)
    words = [word for _, request, _ in told for word in request.words()]
    done = subprocess.run([*program, *words], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    check(told, done.stdout.splitlines())


def check(told: list[tuple[str, Request, tuple[bool, bool]]], lines: list[str]) -> None:
    believed = [(name, *line.lower().split()) for (name, _, _), line in zip(told, lines, strict=True)]
    assert believed == [(name, *(str(one).lower() for one in wanted)) for name, _, wanted in told]


def test_python(delivered: Request, tmp_path: Path) -> None:
    (tmp_path / "check.py").write_text(sample("python"))
    ask([sys.executable, str(tmp_path / "check.py")], delivered)


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not here; the browser runs the same below")
def test_javascript_in_node(delivered: Request, tmp_path: Path) -> None:
    (tmp_path / "check.mjs").write_text(sample("js") + "ask(process.argv.slice(2), console.log);\n")
    ask(["node", str(tmp_path / "check.mjs")], delivered)


async def test_javascript_in_a_browser(delivered: Request) -> None:
    told = cases(delivered)
    words = [word for _, request, _ in told for word in request.words()]
    async with receiver() as endpoint, open_page() as page:
        await page.goto(endpoint.url)  # browsers sign for pages of a safe origin only
        lines = await page.evaluate(
            f"async (words) => {{ {sample('js')}; const lines = [];"
            " await ask(words, (...told) => lines.push(told.join(' '))); return lines; }",
            words,
        )
    check(told, lines)


@pytest.mark.skipif(shutil.which("php") is None, reason="php is not here: this sample was read, not run")
def test_php(delivered: Request, tmp_path: Path) -> None:
    (tmp_path / "check.php").write_text(sample("php"))
    ask(["php", str(tmp_path / "check.php")], delivered)


@pytest.mark.skipif(shutil.which("javac") is None, reason="no Java compiler is here")
def test_java(delivered: Request, tmp_path: Path) -> None:
    (tmp_path / "Webhooks.java").write_text(sample("java"))
    subprocess.run(["javac", "-d", str(tmp_path), str(tmp_path / "Webhooks.java")], check=True, timeout=60)
    ask(["java", "-cp", str(tmp_path), "Ask"], delivered)
