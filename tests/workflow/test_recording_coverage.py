"""No part of the definition is without a recording that takes it."""

from devtools.asl.definition import read_definition
from devtools.recording.recording import Recording, recordings
from tests.workflow.recording_coverage import taken, to_take

DEFINITION = read_definition()


def test_every_state_rule_retrier_and_catcher_is_taken_by_some_recording() -> None:
    found = {
        item for file in recordings() for item in taken(DEFINITION, Recording.read(file).outcome.history)
    }

    assert sorted(to_take(DEFINITION) - found) == []


def test_a_retrier_is_taken_when_it_recovers_and_when_it_is_exhausted() -> None:
    history = {"OrderWorkflow": [_failed("ConfirmOrder"), {"type": "TaskSucceeded", "state": "ConfirmOrder"}]}

    found = taken(DEFINITION, history)

    assert "ConfirmOrder Retry[0] recovered" in found
    assert "ConfirmOrder Retry[1] exhausted" not in found


def test_a_comparison_that_was_not_reached_is_not_taken() -> None:
    decided = {"type": "ChoiceStateEntered", "state": "DecideOutcome", "input": {"inventory": "OUT_OF_STOCK"}}

    found = taken(DEFINITION, {"OrderWorkflow": [decided]})

    assert "DecideOutcome Choices[0] true" in found
    assert not {item for item in found if "Choices[1]" in item}


def _failed(state: str) -> dict[str, str]:
    return {"type": "TaskFailed", "state": state, "error": "DynamoDB.InternalServerError"}
