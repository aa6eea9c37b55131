"""Keeps the app of this checkout as it was synthesized last: the same app need not be synthesized again."""

import hashlib
import os
import shutil
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Final
from zipfile import BadZipFile, ZipFile

from devtools.checkout import REPOSITORY
from devtools.local_cloud.sources import app_digest, local_cloud_digest

_STORE: Final = REPOSITORY / ".local" / "synthesized"


def sources_of(checkout: Path) -> str:
    """Return a digest of all that a synthesis depends on: the sources, this code, Python and the CDK."""
    installed = [version(package) for package in ("aws-cdk-lib", "constructs")]
    parts = (app_digest(checkout), local_cloud_digest(), sys.version, *installed)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def restore(sources: str, assembly: Path, store: Path = _STORE) -> bool:
    """Put what was kept of these sources into the folder of the assembly; return whether it was kept."""
    try:
        with ZipFile(_file(store, sources)) as kept:
            shutil.rmtree(assembly, ignore_errors=True)
            kept.extractall(assembly)
    except FileNotFoundError:
        return False
    except BadZipFile:
        _file(store, sources).unlink(missing_ok=True)
        return False
    return True


def keep(sources: str, assembly: Path, store: Path = _STORE) -> None:
    """Keep an assembly of these sources, and no other. Another process may do the same at the same time."""
    store.mkdir(mode=0o700, parents=True, exist_ok=True)
    if _file(store, sources).exists():
        return
    unfinished = store / f"{os.getpid()}.unfinished"
    with ZipFile(unfinished, "w", strict_timestamps=False) as kept:
        for path in sorted(assembly.rglob("*")):
            kept.write(path, path.relative_to(assembly))
    for old in store.iterdir():
        if old != unfinished:
            old.unlink(missing_ok=True)
    unfinished.replace(_file(store, sources))


def _file(store: Path, sources: str) -> Path:
    return store / f"{sources}.zip"
