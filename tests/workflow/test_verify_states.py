"""`make verify-states` covers all recordings; MiniStack answers its requests as far as its TestState goes."""

import copy
from collections import defaultdict
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from devtools.asl.definition import Definition, read_definition
from devtools.recording.recording import RECORDINGS, Recording, recordings
from devtools.verify_states import __main__ as command
from devtools.verify_states.comparison import differences
from devtools.verify_states.engine import Engine, RefusedError
from devtools.verify_states.plan import Plan, plan, verify
from devtools.verify_states.steps import Step, covered_events, recorded_events, steps_of
from orderctl.deployed_workflow import states
from tests.workflow.ministack_states import ministack_client

DEFINITION = read_definition()
# What MiniStack's TestState does otherwise than AWS, by the status that the recordings expect:
# it catches before it retries, sets State.EnteredTime itself, and leaves out the result and the Catch.
NOT_CHECKED_BY_MINISTACK = {
    "SUCCEEDED": {"result", "parameters"},
    "CAUGHT_ERROR": {"caught by Catch", "parameters"},
    "RETRIABLE": {"status", "next state", "retried by Retry", "back-off", "parameters"},
    "FAILED": set(),
}


def _steps(scenario: str, state: str) -> list[Step]:
    recording = Recording.read(RECORDINGS / f"{scenario}.json")
    return [step for step in steps_of(recording, DEFINITION) if step.state == state]


@pytest.fixture(scope="module")
def everything() -> Plan:
    """The requests of all recordings."""
    return plan(DEFINITION, [Recording.read(file) for file in recordings()])


def _engine(definition: Definition = DEFINITION) -> Engine:
    return Engine(ministack_client(), definition)


def test_the_requests_cover_every_entered_state_and_every_attempt_of_all_recordings(everything: Plan) -> None:
    assert everything.missing == []
    assert everything.recordings == len(recordings())
    assert {request.state for request in everything.requests} == {name for name, _ in states(DEFINITION)}


@pytest.mark.parametrize("file", recordings(), ids=lambda file: file.stem)
def test_the_steps_of_a_recording_cover_each_of_its_events_once(file: Path) -> None:
    recording = Recording.read(file)

    steps = list(steps_of(recording, DEFINITION))

    assert covered_events(steps, DEFINITION) == recorded_events(recording)


def test_each_attempt_of_a_task_is_a_step() -> None:
    steps = _steps("capture_down", "CapturePayment")

    assert [step.expected.status for step in steps] == [*["RETRIABLE"] * 3, "CAUGHT_ERROR"]
    assert [step.expected.retried_by for step in steps] == [1, 1, 1, None]
    assert [step.retrier_retries for step in steps] == [0, 1, 2, 3]
    assert [str(step.expected.back_off) for step in steps[:3]] == ["0 to 1 s", "0 to 2 s", "0 to 4 s"]
    assert (steps[3].expected.caught_by, steps[3].expected.next_state) == (1, "ParkCapturePayment")


def test_an_error_that_no_retrier_has_is_caught_at_once() -> None:
    (step,) = _steps("bug_in_capture", "CapturePayment")

    assert step.retrier_retries is None
    assert (step.expected.caught_by, step.expected.next_state) == (1, "ParkCapturePayment")


def test_a_parallel_state_gives_its_branches_their_input_and_gets_their_outputs() -> None:
    (step,) = _steps("payment_declined", "ProcessOrder")

    assert step.expected.branch_input == {"orderId": step.input["detail"]["orderId"]}
    assert step.response == {
        "Return": [{"status": "RESERVED"}, {"status": "DECLINED"}, {"status": "SENT"}],
    }


def test_a_failed_execution_ends_with_the_error_and_the_cause_of_its_last_state() -> None:
    (step,) = _steps("settlement_refused_accepted", "SettlementFailed")

    assert (step.expected.status, step.expected.error) == ("FAILED", "SettlementFailed")
    assert step.expected.cause == "the role may not do this"


def test_an_event_that_no_request_covers_is_named() -> None:
    recording = Recording.read(RECORDINGS / "confirmed.json")
    history = recording.outcome.history["OrderWorkflow"]
    ended = next(event for event in history if event["type"] == "ParallelStateExited")
    history.remove(ended)

    assert plan(DEFINITION, [recording]).missing == ["confirmed: ProcessOrder entered"]


def test_a_step_of_many_recordings_is_asked_for_once(everything: Plan) -> None:
    asked = [(repr(request.arguments), repr(request.expected)) for request in everything.requests]

    assert len(set(asked)) == len(asked)
    assert len(asked) < everything.steps / 2


def test_recordings_never_expect_different_things_of_one_request(everything: Plan) -> None:
    asked = [repr(request.arguments) for request in everything.requests]

    assert len(set(asked)) == len(asked)


def test_ministack_agrees_with_every_field_that_it_checks(everything: Plan) -> None:
    engine = _engine()
    found = defaultdict(set)
    compared = set()
    for request in everything.requests:
        if request.state not in DEFINITION["States"] or request.expected is None:
            continue  # MiniStack finds no state inside a branch
        if DEFINITION["States"][request.state]["Type"] == "Parallel":
            continue  # nor has it Parallel
        fields = {each.field for each in differences(request.expected, engine.test(request.arguments))}
        found[request.expected.status] |= fields
        compared.add(request.state)

    assert found == NOT_CHECKED_BY_MINISTACK
    assert len(compared) == len(DEFINITION["States"]) - 2


@pytest.mark.parametrize("state", ["Compensate", "ReserveInventory"])
def test_ministack_refuses_a_parallel_state_and_a_state_of_a_branch(state: str, everything: Plan) -> None:
    request = next(request for request in everything.requests if request.state == state)

    with pytest.raises(RefusedError, match="InvalidDefinition"):
        _engine().test(request.arguments)


def test_another_next_state_is_reported_with_the_recordings(everything: Plan) -> None:
    changed = copy.deepcopy(DEFINITION)
    changed["States"]["OutOfStock"]["Next"] = "PaymentBroken"
    requests = [request for request in everything.requests if request.state == "OutOfStock"]

    found = verify(requests, _engine(changed), done=lambda _: None)

    assert len(found) == len(requests)
    assert found[0].startswith("OutOfStock, attempt 1 (recorded in ")
    assert found[0].endswith("next state: expected RejectOrder, got PaymentBroken")


def test_the_command_fails_when_an_answer_is_not_as_recorded(
    monkeypatch: pytest.MonkeyPatch, everything: Plan
) -> None:
    monkeypatch.setattr(command, "engine_on_aws", lambda definition, **_: _engine(definition))
    app = typer.Typer()
    app.command()(command.main)

    result = CliRunner().invoke(app)

    assert result.exit_code == 1
    assert "AWS finds the definition valid" in result.output
    assert "AWS refuses it: InvalidDefinition: Unsupported state type: Parallel" in result.output
    assert f"of {len(everything.requests)} steps are not as recorded" in result.output


def test_the_list_says_how_many_calls_there_are_and_makes_none(
    monkeypatch: pytest.MonkeyPatch, everything: Plan
) -> None:
    monkeypatch.delattr(command, "engine_on_aws")
    app = typer.Typer()
    app.command()(command.main)

    result = CliRunner().invoke(app, ["--list"])

    assert result.exit_code == 0
    assert f"{len(everything.requests):,} calls of TestState" in result.output
    assert "(100 %)" in result.output
