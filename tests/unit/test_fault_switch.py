"""The fault switch in orderctl: it changes the configuration of a function."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from devtools.asl.definition import DEFINITION
from handlers.contract.fault import Fault
from orderctl.commands import fault
from orderctl.errors import OperatorError
from orderctl.fault_switch import FaultSwitch, Service
from orderctl.main import app

SERVICES = ("inventory", "payment", "notification")


class FakeStack:
    """A stack with the functions of the workflow, and its own AWS clients."""

    orders_table = state_machine_arn = "of the stack"

    def __init__(self, stage: str = "dev") -> None:
        self.functions = {
            f"arn:{service}": {"ORDERS_TABLE": "Orders", "STAGE": stage} for service in SERVICES
        }
        self.revision = 1
        self.waited = False

    def client(self, _service: str) -> "FakeStack":
        return self

    def describe_state_machine(self, **_: str) -> dict[str, Any]:
        definition = DEFINITION.read_text()
        for service in SERVICES:
            definition = definition.replace(f"${{{service.title()}FunctionArn}}", f"arn:{service}")
        return {"definition": definition}

    def get_function_configuration(self, *, FunctionName: str) -> dict[str, Any]:  # noqa: N803  boto3's names
        variables = dict(self.functions[FunctionName])
        return {
            "FunctionName": FunctionName,
            "RevisionId": str(self.revision),
            "Timeout": 8,
            "Environment": {"Variables": variables},
        }

    def update_function_configuration(
        self,
        *,
        FunctionName: str,  # noqa: N803  as above
        Environment: dict[str, Any],  # noqa: N803  as above
        RevisionId: str,  # noqa: N803  as above
    ) -> None:
        if RevisionId != str(self.revision):
            raise ClientError(
                {"Error": {"Code": "PreconditionFailedException"}}, "UpdateFunctionConfiguration"
            )
        self.revision += 1
        self.waited = False
        self.functions[FunctionName] = Environment["Variables"]

    def get_waiter(self, name: str) -> "FakeStack":
        assert name == "function_updated_v2"
        return self

    def wait(self, **_: Any) -> None:
        self.waited = True


def _switch(deployed: Any, service: Service = Service.PAYMENT) -> FaultSwitch:
    return FaultSwitch(deployed, service)


@pytest.mark.parametrize("service", Service)
def test_a_fault_changes_the_environment_of_one_function_only(service: Service) -> None:
    deployed = FakeStack()

    _switch(deployed, service).turn_on(Fault(rate=0.3, latency=2))

    assert {arn for arn, variables in deployed.functions.items() if "FAULT_INJECTION" in variables} == {
        f"arn:{service}"
    }
    assert deployed.functions[f"arn:{service}"] == {
        "ORDERS_TABLE": "Orders",
        "STAGE": "dev",
        "FAULT_INJECTION": "rate=0.3,latency=2",
    }


def test_a_latency_that_the_function_would_not_survive_is_refused() -> None:
    deployed = FakeStack()

    with pytest.raises(OperatorError, match=r"latency of 7.1 s is too long: .* stopped after 8 s"):
        _switch(deployed).turn_on(Fault(latency=7.1))
    refused = _switch(deployed).read()
    _switch(deployed).turn_on(Fault(latency=7))

    assert refused is None
    assert _switch(deployed).read() == Fault(latency=7)


def test_turning_a_fault_on_waits_until_the_function_is_updated() -> None:
    deployed = FakeStack()

    _switch(deployed).turn_on(Fault())

    assert deployed.waited


def test_turning_a_fault_off_restores_the_deployed_environment() -> None:
    deployed = FakeStack()
    before = dict(deployed.functions["arn:payment"])
    _switch(deployed).turn_on(Fault())

    _switch(deployed).turn_off()

    assert deployed.functions["arn:payment"] == before
    assert deployed.waited


def test_turning_a_fault_off_twice_changes_the_function_once() -> None:
    deployed = FakeStack()

    _switch(deployed).turn_off()

    assert deployed.revision == 1


def test_the_current_fault_can_be_read() -> None:
    deployed = FakeStack()
    before = _switch(deployed).read()

    _switch(deployed).turn_on(Fault(rate=0.3))

    assert before is None
    assert _switch(deployed).read() == Fault(rate=0.3)


def test_a_fault_in_prod_needs_force() -> None:
    deployed = FakeStack(stage="prod")

    with pytest.raises(OperatorError, match="stage prod"):
        _switch(deployed).turn_on(Fault())
    refused = _switch(deployed).read()
    _switch(deployed).turn_on(Fault(), force=True)

    assert refused is None
    assert _switch(deployed).read() == Fault()


def test_a_function_without_a_stage_is_treated_as_prod() -> None:
    deployed = FakeStack()
    del deployed.functions["arn:payment"]["STAGE"]

    with pytest.raises(OperatorError, match="stage prod"):
        _switch(deployed).turn_on(Fault())


def test_turning_a_fault_off_needs_no_force() -> None:
    deployed = FakeStack(stage="prod")
    _switch(deployed).turn_on(Fault(), force=True)

    _switch(deployed).turn_off()

    assert _switch(deployed).read() is None


def test_a_concurrent_change_is_not_overwritten() -> None:
    deployed = FakeStack()
    read = deployed.get_function_configuration

    def read_before_the_change(**request: str) -> dict[str, Any]:
        found = read(**request)
        deployed.revision += 1
        return found

    deployed.get_function_configuration = read_before_the_change  # type: ignore[method-assign]

    with pytest.raises(OperatorError, match="changed at the same time"):
        _switch(deployed).turn_on(Fault())


def test_another_workflow_is_refused() -> None:
    class OtherWorkflow(FakeStack):
        def describe_state_machine(self, **_: str) -> dict[str, Any]:
            return {"definition": json.dumps({"States": {"Bill": {"Type": "Pass"}}})}

    with pytest.raises(OperatorError, match="no state AuthorizePayment"):
        _switch(OtherWorkflow())


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], "payment: on, every call fails"),
        (["--rate", "0.3"], "payment: on, about 30% of its calls fail"),
        (["--latency", "2s"], "payment: on, no call fails, and each takes 2 s longer"),
        (["--rate", "1", "--latency", "500ms"], "payment: on, every call fails, and each takes 0.5 s longer"),
    ],
)
def test_the_command_shows_the_current_fault(
    monkeypatch: pytest.MonkeyPatch, options: list[str], expected: str
) -> None:
    deployed = FakeStack()
    monkeypatch.setattr(fault, "find_stack", lambda *_: deployed)

    outcomes = [
        CliRunner().invoke(app, ["fault", "payment", *words]) for words in (["on", *options], ["status"])
    ]

    assert [outcome.stdout.splitlines()[0] for outcome in outcomes] == [expected, expected]
    assert all("`orderctl fault payment off` ends it." in outcome.stdout for outcome in outcomes)


@pytest.mark.parametrize(
    ("service", "expected"),
    [("payment", "parked on the payment queue, and the order is ON_HOLD"), ("notification", "goes on")],
)
def test_the_command_says_what_a_fault_does_to_orders(
    monkeypatch: pytest.MonkeyPatch, service: str, expected: str
) -> None:
    monkeypatch.setattr(fault, "find_stack", lambda *_: FakeStack())

    assert expected in CliRunner().invoke(app, ["fault", service, "on"]).stdout


def test_a_fault_can_be_read_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    deployed = FakeStack()
    monkeypatch.setattr(fault, "find_stack", lambda *_: deployed)
    _switch(deployed).turn_on(Fault(rate=0.3, latency=2))

    printed = [
        json.loads(CliRunner().invoke(app, ["fault", service, "status", "--json"]).stdout)
        for service in ("payment", "inventory")
    ]

    assert printed == [
        {
            "service": "payment",
            "on": True,
            "rate": 0.3,
            "latencySeconds": 2.0,
            "explanation": "on, about 30% of its calls fail, and each takes 2 s longer",
        },
        {
            "service": "inventory",
            "on": False,
            "rate": 0.0,
            "latencySeconds": 0.0,
            "explanation": "off, its calls are served as usual",
        },
    ]


@pytest.mark.parametrize(
    "options", [["--rate", "2"], ["--latency", "soon"], ["--latency", "-1s"], ["--latency", "7.1s"]]
)
def test_invalid_options_are_refused(monkeypatch: pytest.MonkeyPatch, options: list[str]) -> None:
    deployed = FakeStack()
    monkeypatch.setattr(fault, "find_stack", lambda *_: deployed)

    outcome = CliRunner().invoke(app, ["fault", "payment", "on", *options])

    assert outcome.exit_code == 2
    assert _switch(deployed).read() is None
