"""Thousands of generated requests, valid and not: no answer is a 5xx, and none is undocumented.

Only on an emulator: on AWS each of them would cost money.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from devtools.checkout import REPOSITORY
from orderctl.stack import Stack

_DOCUMENT: Final = REPOSITORY / "infrastructure" / "openapi.yaml"
_HOOKS: Final = "tests.deployed.emulator.hostile_requests"
_CASES: Final = 1_000
# Of each operation in each phase. It makes some more cases than that.
_EXAMPLES: Final = 170
# More than 2,000, unless the other tests have left no product whose orders its links can follow.
_SEEDS: Final = (1,)


def test_the_api_answers_hostile_requests_as_its_document_says(local_stack: Stack, tmp_path: Path) -> None:
    generated = 0
    for seed in _SEEDS:
        found = _sent(local_stack, tmp_path, seed)

        assert {phase["status"] for phase in found["phases"].values()} == {"success"}
        assert found["operations"]["tested"] == found["operations"]["total"]
        generated += found["test_cases"]["generated"]
        if generated >= _CASES:
            return
    assert generated >= _CASES


def _sent(stack: Stack, folder: Path, seed: int) -> Any:
    """Send generated requests; return the report."""
    report = folder / f"report-{seed}.json"
    run = subprocess.run(  # noqa: S603  fixed arguments
        [
            *(Path(sys.executable).with_name("st"), "run", _DOCUMENT),
            *("--url", stack.api_url.rstrip("/"), "--header", f"x-api-key: {stack.api_key}"),
            # The links of the document are followed in the phase `stateful`.
            *("--phases", "examples,coverage,fuzzing,stateful", "--checks", "all"),
            *("--max-examples", str(_EXAMPLES), "--seed", str(seed), "--continue-on-failure", "--no-color"),
            *("--report", "json", "--report-json-path", report),
        ],
        cwd=folder,
        env={**os.environ, "SCHEMATHESIS_HOOKS": _HOOKS, "PYTHONPATH": str(REPOSITORY)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return json.loads(report.read_text())
