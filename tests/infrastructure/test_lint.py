"""The exceptions to cdk-nag's rules."""

import json
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import Validations
from cdk_nag import AwsSolutionsChecks

from devtools.lint import _ACCEPTED
from devtools.templates import unsynthesized
from infrastructure.config import StageConfig


def _violations(report: Path) -> list[dict[str, Any]]:
    (plugin,) = json.loads(report.read_text())["pluginReports"]
    violations: list[dict[str, Any]] = plugin["violations"]
    return violations


def test_every_exception_is_still_needed(tmp_path: Path) -> None:
    app, _ = unsynthesized(StageConfig.for_stage(), tmp_path)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))

    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()

    found = {
        (violation["ruleName"], construct["constructPath"].split("/")[1])
        for violation in _violations(tmp_path / "validation-report.json")
        for construct in violation["violatingConstructs"]
    }
    assert {(f"AwsSolutions-{each.rule}", each.under) for each in _ACCEPTED} == found


def test_every_exception_has_a_reason() -> None:
    assert all(len(each.reason.split()) > 5 for each in _ACCEPTED)
