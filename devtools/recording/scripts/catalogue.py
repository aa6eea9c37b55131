"""All scripts by name."""

from devtools.recording.scripts.decisions import decisions
from devtools.recording.scripts.lasting_failures import lasting_failures
from devtools.recording.scripts.script import Script
from devtools.recording.scripts.transient_errors import transient_errors


def all_scripts() -> dict[str, Script]:
    """Return all scripts by name; raise ValueError when two have the same name."""
    found = [*transient_errors(), *lasting_failures(), *decisions()]
    by_name = {script.name: script for script in found}
    if len(by_name) < len(found):
        raise ValueError("two scripts have the same name")
    return by_name
