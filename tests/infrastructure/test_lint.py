"""The exceptions to the rules of the linters of the templates."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from aws_cdk import Validations
from cdk_nag import AwsSolutionsChecks

from devtools.accepted_findings import ACCEPTED, Accepted, Finding, Linter, not_accepted
from devtools.templates import unsynthesized
from infrastructure.config import StageConfig


def _violations(report: Path) -> list[dict[str, Any]]:
    (plugin,) = json.loads(report.read_text())["pluginReports"]
    violations: list[dict[str, Any]] = plugin["violations"]
    return violations


def test_every_exception_to_cdk_nag_is_still_needed(tmp_path: Path) -> None:
    app, _ = unsynthesized(StageConfig.for_stage(), tmp_path)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))

    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()

    found = {
        (violation["ruleName"], construct["constructPath"].split("/")[1])
        for violation in _violations(tmp_path / "validation-report.json")
        for construct in violation["violatingConstructs"]
    }
    assert {
        (f"AwsSolutions-{each.rule}", each.under) for each in ACCEPTED if each.linter is Linter.CDK_NAG
    } == found


def test_every_exception_has_a_reason() -> None:
    assert all(len(each.reason.split()) > 5 for each in ACCEPTED)


_RULE: Final = Accepted(linter=Linter.CHECKOV, rule="CKV_1", under="Api", reason="It is only an example.")


def _said(findings: list[Finding], accepted: Accepted = _RULE) -> list[str]:
    return list(not_accepted(Linter.CHECKOV, findings, [accepted]))


def test_an_accepted_finding_is_not_reported() -> None:
    assert _said([Finding(rule="CKV_1", resource="ApiStage", text="a stage")]) == []


def test_the_same_finding_elsewhere_is_reported() -> None:
    elsewhere = Finding(rule="CKV_1", resource="StorageOrders", text="a table")

    assert "checkov: CKV_1 a table" in _said([elsewhere])


def test_an_exception_for_the_whole_stack_accepts_every_construct() -> None:
    everywhere = replace(_RULE, under="")

    assert _said([Finding(rule="CKV_1", resource="StorageOrders", text="a table")], everywhere) == []


def test_an_exception_that_nothing_needs_is_reported() -> None:
    assert _said([]) == ["checkov: CKV_1 is found nowhere under Api: remove its exception"]


def test_an_exception_of_another_linter_accepts_nothing() -> None:
    other = replace(_RULE, linter=Linter.CFN_LINT)

    assert _said([Finding(rule="CKV_1", resource="ApiStage", text="a stage")], other) == [
        "checkov: CKV_1 a stage"
    ]
