"""How the person who called types `orderctl`, so that printed commands can be pasted."""

import os
import shutil
import sys
from pathlib import Path


def orderctl_command() -> str:
    """Return `orderctl` if the caller's shell finds this one, else its path."""
    ours = Path(sys.executable).parent / "orderctl"
    # make puts the virtual environment on its own path, which the shell that called make does not have
    found = shutil.which("orderctl", path=os.environ.get("CALLER_PATH"))
    if found and Path(found).resolve() == ours.resolve():
        return "orderctl"
    return str(ours.relative_to(Path.cwd()) if ours.is_relative_to(Path.cwd()) else ours)
