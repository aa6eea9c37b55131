"""All scripts by name."""

from devtools.asl.definition import Definition, read_definition
from devtools.recording.scripts.decisions import decisions
from devtools.recording.scripts.lasting_failures import lasting_failures
from devtools.recording.scripts.script import Script
from devtools.recording.scripts.transient_errors import transient_errors


def all_scripts(definition: Definition | None = None) -> dict[str, Script]:
    """Return all scripts of a definition by name; raise ValueError when two have the same name."""
    definition = definition or read_definition()
    found = [*transient_errors(definition), *lasting_failures(definition), *decisions()]
    by_name = {script.name: script for script in found}
    if len(by_name) < len(found):
        raise ValueError("two scripts have the same name")
    return by_name
