"""Which failures are retried, how often, and after what pause."""

import random
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError

from devtools.asl.definition import (
    handler_of,
    longest_waits,
    read_definition,
    retries_left,
    retries_of,
)
from devtools.recording.recording import Recording, recordings
from handlers.domain.errors import DependencyUnavailable, GatewayUnavailable, NotificationRefused
from orderctl.deployed_workflow import states
from tests.workflow.execution_history import pauses
from tests.workflow.execution_history import states as entered_states
from tests.workflow.in_process_shop import InProcessShop
from tests.workflow.interventions import Behaviour, losing_the_response, raising, refusal, responding
from tests.workflow.lambda_runtime import function_error

STATES = dict(states(read_definition()))
NO_RESPONSE = raising(GatewayUnavailable("no response"))
CAPTURE_RETRIES = retries_left(STATES["CapturePayment"], "GatewayUnavailable")


def test_every_retrier_retries_as_often_as_recorded() -> None:
    recorded = _recorded_retries()
    changed = [
        f"{state} Retry[{index}]: {retries_of(retrier)} retries, recorded are {recorded[state, index]}"
        for state in STATES
        for index, retrier in enumerate(STATES[state].get("Retry", []))
        if recorded.get((state, index), retries_of(retrier)) != retries_of(retrier)
    ]

    assert changed == [], "\n".join([*changed, "if you mean it, run `make record`"])


def _recorded_retries() -> dict[tuple[str, int], int]:
    """Return how often each retrier retries where it is exhausted, by its state and index."""
    found = {}
    for file in recordings():
        for state, responses in Recording.read(file).responses.items():
            handlers = [
                handler_of(response["Throw"]["Error"], STATES.get(state, {}).get("Retry", []))
                for response in responses
                if "Throw" in response
            ]
            if len(handlers) == len(responses) and handlers[-1] is not None:
                found[state, handlers[-1]] = handlers.count(handlers[-1]) - 1
    return found


def _failing_with(payload: dict[str, str]) -> Behaviour:
    return responding(lambda: function_error(payload))


def test_a_step_that_recovers_settles_the_order_as_usual(shop: InProcessShop) -> None:
    order_id = shop.place(mug=3)
    shop.intervene("capture", NO_RESPONSE, times=CAPTURE_RETRIES)

    execution = shop.process(order_id)

    assert len(pauses(execution, "CapturePayment")) == CAPTURE_RETRIES
    assert shop.order(order_id)["status"] == "CONFIRMED"
    assert shop.all_parked() == []


def test_a_step_that_never_recovers_is_given_up_when_its_retries_are_exhausted(shop: InProcessShop) -> None:
    order_id = shop.place(mug=3)
    shop.intervene("capture", NO_RESPONSE)

    execution = shop.process(order_id)

    assert len(pauses(execution, "CapturePayment")) == CAPTURE_RETRIES
    assert shop.order(order_id)["status"] == "ON_HOLD"


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        (
            lambda _, high: high,
            longest_waits(STATES["CapturePayment"], ["GatewayUnavailable"] * CAPTURE_RETRIES),
        ),
        (lambda low, _: low, [0] * CAPTURE_RETRIES),
    ],
    ids=["longest", "shortest"],
)
def test_pauses_are_random_up_to_a_limit_that_doubles(
    shop: InProcessShop, monkeypatch: pytest.MonkeyPatch, drawn: Any, expected: list[float]
) -> None:
    monkeypatch.setattr(random, "uniform", drawn)
    shop.intervene("capture", NO_RESPONSE)

    execution = shop.process(shop.place(mug=3))

    assert pauses(execution, "CapturePayment") == expected


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(raising(refusal("TooManyRequestsException", 429)), id="Lambda throttles"),
        pytest.param(raising(refusal("ServiceException", 500)), id="Lambda fails"),
        pytest.param(raising(ConnectTimeoutError(endpoint_url="https://lambda")), id="Lambda is unreachable"),
        pytest.param(_failing_with({"errorType": "Sandbox.Timedout"}), id="the function is too slow"),
        pytest.param(_failing_with({"errorType": "Runtime.ExitError"}), id="the function crashes"),
        pytest.param(_failing_with({"errorMessage": "out of memory"}), id="no error type"),
        pytest.param(losing_the_response, id="the response is lost"),
    ],
)
@pytest.mark.parametrize(
    ("operation", "state"),
    [("reserve", "ReserveInventory"), ("authorize", "AuthorizePayment"), ("received", "NotifyReceived")],
)
def test_an_order_is_settled_as_usual_when_lambda_fails_a_call_once(
    shop: InProcessShop, operation: str, state: str, failure: Any
) -> None:
    order_id = shop.place(mug=3)
    shop.intervene(f"invoke {operation}", failure, times=1)

    execution = shop.process(order_id)

    assert len(pauses(execution, state)) == 1
    assert shop.order(order_id)["status"] == "CONFIRMED"
    assert shop.available("mug") == 7
    assert shop.notified() == ["received", "confirmed"]


@pytest.mark.parametrize("operation", ["capture", "confirmed"])
def test_an_order_is_settled_as_usual_when_a_response_after_the_join_is_lost(
    shop: InProcessShop, operation: str
) -> None:
    order_id = shop.place(mug=3)
    shop.intervene(f"invoke {operation}", losing_the_response, times=1)

    shop.process(order_id)

    assert shop.steps(order_id)["payment"] == "CAPTURED"
    assert shop.notified() == ["received", "confirmed"]
    assert shop.all_parked() == []


@pytest.mark.parametrize("operation", ["release", "reverse", "rejected"])
def test_an_order_is_settled_as_usual_when_a_response_of_a_compensation_is_lost(
    shop: InProcessShop, operation: str
) -> None:
    order_id = shop.place(mug=3, payment_method="pm_card_declined")
    shop.intervene(f"invoke {operation}", losing_the_response, times=1)

    shop.process(order_id)

    assert shop.order(order_id)["status"] == "REJECTED"
    assert shop.available("mug") == 10
    assert shop.notified() == ["received", "rejected"]


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(NotificationRefused("a bad topic"), id="an error of the domain"),
        pytest.param(KeyError("orderId"), id="a bug"),
    ],
)
def test_a_step_with_an_error_that_a_retry_can_not_fix_is_parked_at_once(
    shop: InProcessShop, failure: Exception
) -> None:
    order_id = shop.place(mug=3)
    shop.intervene("authorize", raising(failure))

    execution = shop.process(order_id)

    assert execution.waits == ()
    (message,) = shop.parked("payment")
    assert message["error"] == type(failure).__name__


@pytest.mark.parametrize(
    ("call", "state", "error"),
    [
        ("settle", "ConfirmOrder", "DynamoDB.InternalServerError"),
        ("announce", "AnnounceConfirmed", "EventBridge.InternalException"),
    ],
)
def test_a_direct_call_to_aws_is_retried(shop: InProcessShop, call: str, state: str, error: str) -> None:
    code = error.partition(".")[2]
    order_id = shop.place(mug=3)
    retries = retries_left(STATES[state], error)
    shop.intervene(call, raising(refusal(code, 500)), times=retries)

    execution = shop.process(order_id)

    assert len(pauses(execution, state)) == retries > 0
    assert shop.order(order_id)["status"] == "CONFIRMED"
    assert [type_ for type_, _ in shop.announced()] == ["OrderConfirmed"]


@pytest.mark.parametrize(
    ("call", "ends_in"), [("settle", "SettlementFailed"), ("announce", "OrderProcessed")]
)
@pytest.mark.parametrize(
    "code", ["AccessDeniedException", "ValidationException", "ResourceNotFoundException"]
)
def test_a_direct_call_with_a_permanent_error_is_not_retried(
    shop: InProcessShop, call: str, ends_in: str, code: str
) -> None:
    order_id = shop.place(mug=3)
    shop.intervene(call, raising(refusal(code)))

    execution = shop.process(order_id)

    assert execution.waits == ()
    assert entered_states(execution)[-1] == ends_in


def test_a_message_that_is_parked_at_the_second_attempt_is_parked_once(shop: InProcessShop) -> None:
    shop.intervene("reserve", raising(DependencyUnavailable("down")))
    shop.intervene("park inventory", raising(refusal("RequestThrottled", 403)), times=1)

    execution = shop.process(shop.place(mug=3))

    assert len(pauses(execution, "ParkReserveInventory")) == 1
    assert len(shop.parked("inventory")) == 1
