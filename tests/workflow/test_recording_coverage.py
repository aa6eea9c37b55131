"""The recordings cover every part of the definition."""

from devtools.asl.definition import read_definition
from devtools.recording.recording import Recording, recordings
from tests.workflow.recording_coverage import covered, parts

DEFINITION = read_definition()


def test_every_state_rule_retrier_and_catcher_is_covered_by_a_recording() -> None:
    found = {
        item for file in recordings() for item in covered(DEFINITION, Recording.read(file).outcome.history)
    }

    assert sorted(parts(DEFINITION) - found) == []


def test_a_retrier_that_recovers_is_not_covered_as_exhausted() -> None:
    history = {"OrderWorkflow": [_failed("ConfirmOrder"), {"type": "TaskSucceeded", "state": "ConfirmOrder"}]}

    found = covered(DEFINITION, history)

    assert "ConfirmOrder Retry[0] recovered" in found
    assert "ConfirmOrder Retry[0] exhausted" not in found


def test_a_comparison_that_was_not_reached_is_not_covered() -> None:
    decided = {"type": "ChoiceStateEntered", "state": "DecideOutcome", "input": {"inventory": "OUT_OF_STOCK"}}

    found = covered(DEFINITION, {"OrderWorkflow": [decided]})

    assert "DecideOutcome Choices[1].Or[2] true" in found
    assert not {item for item in found if "Choices[1].Or[3]" in item or "Choices[2]" in item}


def _failed(state: str) -> dict[str, str]:
    return {"type": "TaskFailed", "state": state, "error": "DynamoDB.InternalServerError"}
