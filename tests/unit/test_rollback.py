"""A roll-back points the alias to an earlier version of the workflow."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from orderctl.commands import rollback
from orderctl.main import app
from tests.orderctl_json import read_documented

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:Orders"


@dataclass
class FakeStepFunctions:
    """A state machine with versions; `routes` has the weight of each version of its alias."""

    versions: list[int]
    routes: dict[int, int]
    state_machine_arn: str = MACHINE
    updates: list[Any] = field(default_factory=list)

    def client(self, _: str) -> "FakeStepFunctions":
        return self

    def describe_state_machine_alias(self, *, stateMachineAliasArn: str) -> dict[str, Any]:  # noqa: N803  boto3's name
        assert stateMachineAliasArn == f"{MACHINE}:live"
        return {"routingConfiguration": [_route(version, weight) for version, weight in self.routes.items()]}

    def list_state_machine_versions(self, **_: Any) -> dict[str, Any]:
        return {"stateMachineVersions": [_route(version, 0) for version in self.versions]}

    def update_state_machine_alias(self, **request: Any) -> None:
        self.updates.append(request)


def _route(version: int, weight: int) -> dict[str, Any]:
    return {"stateMachineVersionArn": f"{MACHINE}:{version}", "weight": weight}


def _rolled_back(cloud: FakeStepFunctions, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    monkeypatch.setattr(rollback, "find_stack", lambda *_: cloud)
    return CliRunner().invoke(app, ["rollback", *arguments])


@pytest.mark.parametrize(
    ("versions", "routes", "arguments", "wanted"),
    [
        pytest.param([3, 2, 1], {3: 100}, [], 2, id="the one before"),
        pytest.param([12, 11, 9], {11: 100}, [], 9, id="a version was deleted"),
        pytest.param([3, 2, 1], {2: 10, 3: 90}, [], 2, id="two versions are live"),
        pytest.param([3, 2, 1], {3: 100}, ["1"], 1, id="a named version"),
        pytest.param([3, 2, 1], {1: 100}, ["3"], 3, id="back again"),
    ],
)
def test_new_executions_run_the_wanted_version(
    versions: list[int],
    routes: dict[int, int],
    arguments: list[str],
    wanted: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cloud = FakeStepFunctions(versions=versions, routes=routes)

    outcome = _rolled_back(cloud, monkeypatch, *arguments)

    assert outcome.exit_code == 0
    assert cloud.updates == [
        {"stateMachineAliasArn": f"{MACHINE}:live", "routingConfiguration": [_route(wanted, 100)]}
    ]
    assert f"New executions run version {wanted} of the workflow." in outcome.output


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "There is no version before 1\nTake the change of the definition back in git, and deploy."),
        (["7"], "There is no version 7\nUse one of 1, 2."),
    ],
)
def test_a_version_that_does_not_exist_changes_nothing(
    arguments: list[str], problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = FakeStepFunctions(versions=[2, 1], routes={1: 100})

    outcome = _rolled_back(cloud, monkeypatch, *arguments)

    assert outcome.exit_code == 1
    assert problem in outcome.output
    assert cloud.updates == []


def test_the_json_has_both_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = FakeStepFunctions(versions=[3, 2, 1], routes={3: 100})

    outcome = _rolled_back(cloud, monkeypatch, "--json")

    assert read_documented(outcome.stdout, "rollback") == {"version": 2, "before": 3}


def test_ctrl_c_says_that_either_version_may_be_live(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(**_: Any) -> None:
        raise KeyboardInterrupt

    cloud = FakeStepFunctions(versions=[3, 2, 1], routes={3: 100})
    monkeypatch.setattr(cloud, "update_state_machine_alias", interrupt)

    outcome = _rolled_back(cloud, monkeypatch)

    assert outcome.exit_code == 130
    assert "Interrupted: version 2 may be live, or still version 3" in outcome.stderr
    assert "Run `orderctl rollback 2` or `orderctl rollback 3`." in outcome.stderr
