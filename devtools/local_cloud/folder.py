"""The local cloud's folder, and the lock that shows whether one is running."""

import os
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

from devtools.local_cloud.snapshots import WHOLE
from orderctl.errors import OperatorError
from orderctl.local_cloud import LocalCloudFiles

if sys.platform != "win32":
    import fcntl

_LOCK_SECONDS: Final = 0.3
_OF_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Folder(LocalCloudFiles):
    """The folder with all files of one local cloud."""

    @property
    def address_file(self) -> Path:
        """The port, API id and API key, which the next local cloud gets too."""
        return self.root / "address.json"

    @property
    def iam_marker(self) -> Path:
        """Exists while the local cloud refuses what a role does not allow."""
        return self.root / "enforce-iam"

    @property
    def calls_file(self) -> Path:
        """Each call of a role, once, as a line of JSON; only with `iam_marker`."""
        return self.root / "calls.jsonl"

    @property
    def requests_file(self) -> Path:
        """The calls of some services while it exists, as lines of JSON; only with `iam_marker`."""
        return self.root / "requests.jsonl"

    @property
    def deploy_log(self) -> Path:
        """The output of the CDK."""
        return self.root / "deploy.log"

    @property
    def temporary(self) -> Path:
        """TMPDIR of every process: MiniStack and the CDK leave files there."""
        return self.root / "tmp"

    @property
    def state(self) -> Path:
        """The state that MiniStack saves when it stops and reads when it starts."""
        return self.root / "state"

    @property
    def assembly(self) -> Path:
        """The synthesized app."""
        return self.root / "cdk.out"

    @contextmanager
    def locked_for_changes(self) -> Iterator[int]:
        """Hold the lock of the one command that may change the running cloud, and yield its descriptor."""
        with self._locked("deploy.lock") as descriptor:
            yield descriptor

    @contextmanager
    def locked(self) -> Iterator[int]:
        """Hold the lock and yield its file descriptor; a process that inherits it holds the lock too."""
        with self._locked("lock") as descriptor:
            yield descriptor

    @contextmanager
    def _locked(self, name: str) -> Iterator[int]:
        if sys.platform == "win32":
            raise OperatorError(
                "The local cloud runs on Linux and macOS",
                what_to_do="Use WSL (https://learn.microsoft.com/windows/wsl/install), "
                "or a stack on AWS with --stack NAME.",
            )
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.root / name, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(descriptor)
            yield descriptor
        finally:
            os.close(descriptor)

    def in_use(self) -> bool:
        """Return whether a local cloud runs, starts or stops here, by its lock."""
        lock = self.root / "lock"
        if not lock.exists():
            return False
        with lock.open() as probed:
            try:
                # Shared, so that two who only look are not in each other's way.
                fcntl.flock(probed, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def saved_at(self) -> datetime | None:
        """Return when the local cloud of this folder saved its state; None when there is nothing to find."""
        # One that was killed may not have moved its snapshot to its place.
        files = [*self.state.glob("*.json"), *self.state.glob(f"{WHOLE}/*.json")]
        times = [file.stat().st_mtime for file in files]
        if not times or not self.stack_file.exists():
            return None
        return datetime.fromtimestamp(max(times), UTC).astimezone()

    def clean(self) -> None:
        """Remove all but the address, the logs and the locks."""
        files = (self.stack_file, self.server_file, self.iam_marker, self.calls_file, self.requests_file)
        for file in files:
            file.unlink(missing_ok=True)
        for folder in (self.temporary, self.state, self.assembly):
            shutil.rmtree(folder, ignore_errors=True)

    def remove_logs(self) -> None:
        """Remove the logs: the lines of the functions name orders and customers."""
        for log in (self.server_log, self.deploy_log):
            log.unlink(missing_ok=True)

    def make_private(self) -> None:
        """Take the folder and what an earlier version left in it away from other users.

        The files have the API key and the orders of customers.
        """
        files = (self.stack_file, self.server_file, self.server_log, self.address_file, self.deploy_log)
        _make_private(self.root, *files)
        for folder in (self.temporary, self.state, self.assembly):
            _make_private(folder, *folder.rglob("*"))

    def make_assembly_private(self) -> None:
        """Take the synthesized app away from other users: the CDK copies each file with its mode."""
        _make_private(self.assembly, *self.assembly.rglob("*"))

    @classmethod
    def from_root(cls, root: Path) -> Self:
        """Return the folder with an absolute path."""
        return cls(root.resolve())


class InUseError(Exception):
    """Another process holds the lock of this folder."""


def _make_private(*paths: Path) -> None:
    for path in paths:
        if path.is_symlink() or not path.exists():
            continue
        mode = path.stat().st_mode
        # A folder such as /tmp is not ours; what we put into it is private by itself.
        if mode & _OF_OTHERS and not mode & stat.S_ISVTX:
            path.chmod(mode & ~_OF_OTHERS)


def _lock(descriptor: int) -> None:
    # in_use() of another process also holds the lock for a moment
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise InUseError from None
            time.sleep(_LOCK_SECONDS / 10)
        else:
            return


def write_atomically(file: Path, text: str) -> None:
    """Write a file atomically, so that no reader sees a part of it; only this user may read it."""
    unfinished = file.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    unfinished.write_text(text + "\n")
    unfinished.replace(file)
