"""A thousand generated requests or more, valid and not: no answer is a 5xx, and none is undocumented.

Only on an emulator: on AWS each of them would cost money.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from devtools.checkout import REPOSITORY
from orderctl.stack import Stack

_DOCUMENT: Final = REPOSITORY / "infrastructure" / "openapi.yaml"
_HOOKS: Final = "tests.deployed.emulator.hostile_requests"
# About 2,200 on an empty cloud, half as many after the other tests: what links lead to depends on the orders.
_CASES: Final = 1_000
# Of each operation in each phase. It makes some more cases than that.
_EXAMPLES: Final = 170


def test_the_api_answers_hostile_requests_as_its_document_says(local_stack: Stack, tmp_path: Path) -> None:
    report = tmp_path / "report.json"

    run = subprocess.run(  # noqa: S603  fixed arguments
        [
            *(Path(sys.executable).with_name("st"), "run", _DOCUMENT),
            *("--url", local_stack.api_url.rstrip("/"), "--header", f"x-api-key: {local_stack.api_key}"),
            # The links of the document are followed in the phase `stateful`.
            *("--phases", "examples,coverage,fuzzing,stateful", "--checks", "all"),
            *("--max-examples", str(_EXAMPLES), "--seed", "1", "--continue-on-failure", "--no-color"),
            *("--report", "json", "--report-json-path", report),
        ],
        cwd=tmp_path,
        env={**os.environ, "SCHEMATHESIS_HOOKS": _HOOKS, "PYTHONPATH": str(REPOSITORY)},
        check=False,
        capture_output=True,
        text=True,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    found = json.loads(report.read_text())
    assert found["test_cases"]["generated"] >= _CASES
    assert {phase["status"] for phase in found["phases"].values()} == {"success"}
    assert found["operations"]["tested"] == found["operations"]["total"]
