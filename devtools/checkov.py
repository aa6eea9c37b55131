"""Runs checkov on templates. It pins other versions of our packages, so it has an environment of its own."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from devtools.accepted_findings import Finding
from devtools.checkout import REPOSITORY

# `make lint` installs it from requirements/checkov.txt.
_CHECKOV: Final = REPOSITORY / ".venv" / "checkov" / "bin" / "checkov"


def checkov_findings(templates: Sequence[Path]) -> Iterator[Finding]:
    """Yield what checkov finds in the templates; it asks no server."""
    arguments = ["--framework", "cloudformation", "--skip-download", "--soft-fail", "--output", "json"]
    run = subprocess.run(
        [_CHECKOV, *arguments, "--file", *templates], check=True, stdout=subprocess.PIPE, text=True
    )
    report = json.loads(run.stdout)
    if report["summary"]["parsing_errors"]:
        yield Finding(rule="parsing", resource="", text=str(report["results"]["parsing_errors"]))
    for failed in report["results"]["failed_checks"]:
        logical_id = failed["resource"].rpartition(".")[2]
        text = f"{failed['check_name']} ({Path(failed['file_path']).name}: {logical_id})"
        yield Finding(rule=failed["check_id"], resource=logical_id, text=text)
