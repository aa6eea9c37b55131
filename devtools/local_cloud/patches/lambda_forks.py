"""A worker of a Python function is a fork of a process that has loaded its libraries. Only speed differs."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from ministack.core import lambda_runtime

from devtools.local_cloud.forked_workers import IS_POSSIBLE, WorkerTemplate
from devtools.local_cloud.patches.expected import expect_source

_PYTHON_WORKER: Final = "_worker.py"


def apply() -> None:
    """Load the libraries from now on, and patch how workers start."""
    spawn = lambda_runtime.Worker._spawn
    expect_source(
        spawn, 'f"_worker{ext}"', "subprocess.Popen(\n            [binary, worker_path],\n            cwd="
    )
    if IS_POSSIBLE:
        starts = _Starts(WorkerTemplate())
        lambda_runtime.subprocess = SimpleNamespace(**(vars(subprocess) | {"Popen": starts.start}))


class _Starts:
    def __init__(self, template: WorkerTemplate) -> None:
        self._template = template

    def start(self, command: Sequence[str], *, cwd: str, env: Mapping[str, str], **options: Any) -> Any:
        """Start a process as `subprocess.Popen` does, which it also does with what it can't fork."""
        *interpreter, program = command
        if interpreter == [sys.executable] and Path(program).name == _PYTHON_WORKER:
            try:
                return self._template.worker(program, cwd, env)
            except OSError:
                lambda_runtime.logger.warning(
                    "the libraries of workers are not loaded: each loads them itself"
                )
        return subprocess.Popen(command, cwd=cwd, env=env, **options)
