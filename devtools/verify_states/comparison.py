"""Compares an answer of TestState with what the recordings expect."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any, Final

from devtools.verify_states.requests import Request
from devtools.verify_states.steps import BackOff, Expectation

Answer = Mapping[str, Any]

_LINES_AROUND: Final = 2
_NAMED_SCENARIOS: Final = 3
_ABSENT: Final = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A field whose value is not the recorded one."""

    field: str
    expected: Any
    found: Any

    def __str__(self) -> str:
        """Return a line, or a diff of long values."""
        if not isinstance(self.expected, dict | list) or not isinstance(self.found, dict | list):
            return f"{self.field}: expected {_short(self.expected)}, got {_short(self.found)}"
        before, after = (
            json.dumps(value, indent=1, sort_keys=True).splitlines() for value in (self.expected, self.found)
        )
        return "\n".join(
            [f"{self.field}:", *unified_diff(before, after, "recorded", "AWS", lineterm="", n=_LINES_AROUND)]
        )


def differences(expected: Expectation, answer: Answer) -> list[Difference]:
    """Return the fields of an answer that are not as expected."""
    pairs = [
        ("status", expected.status, answer.get("status")),
        ("next state", expected.next_state, answer.get("nextState")),
        ("output", expected.output, _parsed(answer.get("output"))),
        ("error", expected.error, answer.get("error")),
        ("cause", expected.cause, answer.get("cause") or ""),
    ]
    pairs += _inspected(expected, answer.get("inspectionData", {}))
    return [
        Difference(field=field, expected=recorded, found=found)
        for field, recorded, found in pairs
        if recorded != found and (recorded is not None or field == "next state")
    ]


def _inspected(expected: Expectation, data: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    # AWS leaves out the InputPath of a Parallel state; a later answer may have it.
    # https://github.com/localstack/localstack/blob/main/tests/aws/services/stepfunctions/v2/test_state/test_test_state_mock_scenarios.snapshot.json
    yield "parameters", expected.parameters, _parsed(data.get("afterParameters"))
    given = data.get("afterParameters", data.get("afterInputPath"))
    if given is not None:
        yield "input of the branches", expected.branch_input, _parsed(given)
    yield "result", expected.result, _parsed(data.get("result"))
    details = data.get("errorDetails", {})
    yield "caught by Catch", expected.caught_by, details.get("catchIndex")
    yield "retried by Retry", expected.retried_by, details.get("retryIndex")
    if expected.back_off:
        wait = details.get("retryBackoffIntervalSeconds")
        yield "back-off", str(expected.back_off), _back_off(expected.back_off, wait)


def _back_off(expected: BackOff, wait: int | None) -> str:
    if expected.allows(wait):
        return str(expected)
    return _ABSENT if wait is None else f"{wait} s"


def refusal(request: Request, message: str) -> str:
    """Return the text for a request that AWS refuses."""
    return f"{title(request)}\nAWS refuses it: {message}"


def report(request: Request, found: list[Difference]) -> str:
    """Return the text for an answer with differences."""
    return "\n".join([title(request), *map(str, found)])


def title(request: Request) -> str:
    """Name the state, the attempt and the recordings of a request."""
    named = ", ".join(request.scenarios[:_NAMED_SCENARIOS])
    others = len(request.scenarios) - _NAMED_SCENARIOS
    more = f" and {others} more" if others > 0 else ""
    return f"{request.state}, attempt {request.attempt + 1} (recorded in {named}{more})"


def _parsed(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _short(value: Any) -> str:
    if value is None:
        return _ABSENT
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
