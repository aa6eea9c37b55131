"""A local cloud for one measurement: it asks for permissions, so that it is known who calls."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devtools.cost.deployed import DeployedStack
from devtools.local_cloud.cloud import start_local_cloud, stop_local_cloud
from devtools.local_cloud.folder import Folder


@contextmanager
def own_local_cloud() -> Iterator[DeployedStack]:
    """Start it with nothing in it, and remove it after the block."""
    with tempfile.TemporaryDirectory() as root:
        folder = Folder.from_root(Path(root))
        stack = start_local_cloud(folder, stocked=False, enforce_iam=True)
        try:
            yield DeployedStack(stack, folder.requests_file)
        finally:
            stop_local_cloud(folder)
