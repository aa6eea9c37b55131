"""Tells when a file of the app or of the local cloud is saved."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from watchfiles import PythonFilter, watch

from devtools.checkout import REPOSITORY
from devtools.local_cloud.sources import APP, LOCAL_CLOUD, SUFFIXES


def saves(repository: Path = REPOSITORY) -> Iterator[list[str]]:
    """Yield the names of the files that were saved together, until Ctrl-C."""
    paths = [repository / name for name in dict.fromkeys((*APP, *LOCAL_CLOUD))]
    only_sources = PythonFilter(extra_extensions=SUFFIXES)
    for changes in watch(*paths, watch_filter=only_sources, raise_interrupt=False):
        yield _names(changes, repository)


def _names(changes: Iterable[tuple[object, str]], repository: Path) -> list[str]:
    return sorted({str(Path(path).relative_to(repository)) for _, path in changes})
