"""Fixtures of the tests that need the local cloud."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from devtools.checkout import REPOSITORY
from devtools.local_cloud.cloud import deploy_changes
from devtools.local_cloud.folder import Folder
from devtools.local_cloud.sources import APP
from orderctl.stack import Stack, find_stack


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the app is made of, to be edited."""
    for name in APP:
        source, copied = REPOSITORY / name, tmp_path / name
        copied.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copied, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copied)
    return tmp_path


@pytest.fixture
def restored(local_stack: Stack, local_folder: Folder) -> Iterator[Folder]:
    """The folder of the local cloud, which runs this repository again after the test."""
    yield local_folder
    deploy_changes(local_folder)
    assert find_stack() == local_stack
