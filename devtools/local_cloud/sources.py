"""Tells whether the files that the app, or the local cloud itself, is made of have changed."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from devtools.checkout import REPOSITORY

# The packages are pinned in the lock files.
APP: Final = (
    "app.py",
    "cdk.json",
    "handlers",
    "infrastructure",
    "statemachines",
    "pyproject.toml",
    "requirements/locked.txt",
    "package-lock.json",
)
LOCAL_CLOUD: Final = ("devtools/asl", "devtools/local_cloud", "requirements/locked.txt")
# Other files beside the sources, an .env or an editor's copy, are neither deployed nor a reason to deploy.
SUFFIXES: Final = (".py", ".json", ".yaml", ".toml", ".txt")


def app_digest(repository: Path = REPOSITORY) -> str:
    """Return a digest of every file that the synthesized app depends on."""
    return _digest(repository, APP)


def app_changed_at(repository: Path = REPOSITORY) -> float:
    """Return when a file that the synthesized app depends on was changed last, in seconds since the epoch."""
    return max(file.stat().st_mtime for file in _files(repository, APP))


def local_cloud_digest(repository: Path = REPOSITORY) -> str:
    """Return a digest of the code that the process of the local cloud runs."""
    return _digest(repository, LOCAL_CLOUD)


def _digest(repository: Path, names: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for file in _files(repository, names):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{file.relative_to(repository)} {content}\n".encode())
    return digest.hexdigest()


def _files(repository: Path, names: Iterable[str]) -> Iterator[Path]:
    for name in names:
        path = repository / name
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (file for file in found if file.is_file() and file.suffix in SUFFIXES)
