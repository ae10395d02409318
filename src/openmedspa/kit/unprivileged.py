"""Kit: runs a command as an account without root's rights, because PostgreSQL refuses to be root.
Never changes the rights of a folder it was not given, never keeps more of root than one capability."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ACCOUNTS = ("postgres", "_postgres", "nobody")
# The checkout or the data often lies under /root (0700), where the account may not even pass through. Walking past
# closed folders is then all the server lacks: DAC_READ_SEARCH gives that and reading, and DAC_OVERRIDE, the only
# one of the two a plain Docker container has, gives writing as well. Tried narrowest first, none at all before them.
CAPABILITIES = ("", "dac_read_search", "dac_override")


@dataclass(frozen=True)
class Account:
    """Who the server runs as; `capability` is empty unless a folder above it is closed to this account."""

    name: str
    uid: int
    gid: int
    capability: str = ""

    def run(self, argv: Sequence[str | Path], **options: Any) -> subprocess.CompletedProcess[str]:
        """Runs the command to its end, away from the terminal's Ctrl-C and from our working folder."""
        command = [*map(str, argv)]
        if os.geteuid() == 0 and self.capability:
            command = [*_setpriv(self), *command]
        elif os.geteuid() == 0:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return subprocess.run(  # noqa: S603 — our own binaries
            command, check=False, text=True, cwd="/", start_new_session=True, **options
        )

    def adopt(self, folder: Path) -> None:
        """Gives the folder and everything in it to this account, when root does the asking."""
        if os.geteuid() == 0:
            for entry in (folder, *folder.rglob("*")):
                os.chown(entry, self.uid, self.gid, follow_symlinks=False)


def choose(cluster: Path) -> Account:
    """Ourselves; for root the account that owns the cluster already, else postgres, else nobody."""
    uid = os.geteuid()
    if uid == 0 and cluster.exists():
        uid = cluster.stat().st_uid
    return _named_account() if uid == 0 else _account_of(uid)


def reaching(account: Account, path: Path) -> Account | None:
    """The account with the least it needs to enter or run this path, or None where root cannot give it that."""
    for capability in CAPABILITIES[CAPABILITIES.index(account.capability) :]:
        candidate = replace(account, capability=capability)
        if _can_reach(candidate, path):
            return candidate
    return None


def _can_reach(account: Account, path: Path) -> bool:
    # Asked of the kernel rather than worked out from modes: it knows of ACLs and mounts too.
    try:
        return account.run(["/bin/sh", "-c", 'test -x "$1"', "sh", path], capture_output=True).returncode == 0
    except OSError:  # no setpriv (not Linux), or a container without other accounts
        return False


def _setpriv(account: Account) -> list[str]:
    rights = f"-all,+{account.capability}"
    return [
        *("setpriv", f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups", "--no-new-privs"),
        *(f"--inh-caps={rights}", f"--ambient-caps={rights}"),
        # PostgreSQL asks access(2) about its own binary, and without this bit access(2) overlooks capabilities.
        "--securebits=+no_setuid_fixup",
    ]


def _account_of(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return Account(f"uid {uid}", uid, os.getegid())
    return Account(entry.pw_name, uid, entry.pw_gid)


def _named_account() -> Account:
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    return Account("nobody", 65534, 65534)
