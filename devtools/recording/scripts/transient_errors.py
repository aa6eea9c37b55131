"""Scripts with retries: each error that a retrier names is thrown once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from devtools.asl.definition import Definition, State, retries_left
from devtools.recording.scripts.script import (
    ANNOUNCEMENTS,
    CANCELLING,
    DECLINED,
    FAILED_ENTRY,
    LAMBDA_DOWN,
    ORDER_UPDATES,
    Responses,
    Script,
    fails,
    recovers,
)
from orderctl.deployed_workflow import states

Errors = Mapping[str, Sequence[str]]
"""Errors by theme, or by state."""

States = Mapping[str, State]

# The themes give the scenarios their names. An error that is in no theme is one of the `others`.
# Step Functions names some errors by the service's error code and some by the SDK's exception class.
# The retriers have both names.
_LAMBDA: Final[Errors] = {
    "lambda_throttles": (
        "Lambda.TooManyRequestsException",
        "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
    ),
    "lambda_out_of_reach": (
        "Lambda.SdkClientException",
        "Lambda.ClientExecutionTimeoutException",
        "States.Timeout",
    ),
    "function_crashes": ("Lambda.Unknown", "Sandbox.Timedout", "Runtime.ExitError"),
}
_DYNAMODB: Final[Errors] = {
    "throttles": (
        "DynamoDB.ProvisionedThroughputExceededException",
        "DynamoDB.ThrottlingException",
        "DynamoDB.TransactionConflictException",
    ),
    "limits": (
        "DynamoDB.RequestLimitExceeded",
        "DynamoDB.RequestLimitExceededException",
        "DynamoDB.SdkClientException",
    ),
    # The SDK of the integration has no class for a throttle of an on-demand table, only its general one.
    # https://github.com/aws/aws-sdk-java/issues/2222
    "throttles_on_demand": ("DynamoDB.AmazonDynamoDBException",),
    "fails": ("DynamoDB.InternalServerError", "DynamoDB.InternalServerErrorException", "States.Timeout"),
}
_EVENTBRIDGE: Final[Errors] = {
    "throttles": (
        "EventBridge.FailedEntry",
        "EventBridge.AmazonEventBridgeException",
    ),
    "fails": ("EventBridge.InternalException", "EventBridge.SdkClientException", "States.Timeout"),
}
_SQS: Final[Errors] = {
    "throttles": ("SQS.RequestThrottled", "SQS.RequestThrottledException", "SQS.AmazonSQSException"),
    "fails": ("SQS.SdkClientException", "States.Timeout"),
}
_OTHERS: Final = "others"
_FIRST_STEPS: Final = ("ReserveInventory", "AuthorizePayment", "NotifyReceived")
_ACCEPTED_STEPS: Final = (*_FIRST_STEPS, "CapturePayment", "NotifyConfirmed")
_COMPENSATION_STEPS: Final = ("ReleaseInventory", "ReversePayment", "NotifyRejected")
_CANCELLATION_STEPS: Final = ("NotifyCancelled",)

# Steps whose messages are parked in the same execution, and the responses before them.
_PARKED_TOGETHER: Final[Mapping[str, tuple[Responses, tuple[str, ...]]]] = {
    "first_steps": ({}, _FIRST_STEPS),
    "capture": ({}, ("CapturePayment",)),
    "confirmation": ({}, ("NotifyConfirmed",)),
    "compensation": (DECLINED, ("ReleaseInventory", "ReversePayment")),
    "refusal": (DECLINED, ("NotifyRejected",)),
    "cancellation": (CANCELLING, ("NotifyCancelled",)),
}


def transient_errors(definition: Definition) -> Iterator[Script]:
    """Yield the scripts of functions, order updates, announcements and dead-letter queues."""
    by_name = dict(states(definition))
    yield from _function_errors(by_name)
    yield from _order_update_errors(by_name)
    yield from _announcement_errors(by_name)
    yield from _queue_errors(by_name)


def _function_errors(by_name: States) -> Iterator[Script]:
    paths: tuple[tuple[str, Responses, Sequence[str]], ...] = (
        ("accepted", {}, _ACCEPTED_STEPS),
        ("refused", DECLINED, _COMPENSATION_STEPS),
        ("cancelled", CANCELLING, _CANCELLATION_STEPS),
    )
    for path, responses_before, steps in paths:
        errors = {step: _function_themes(by_name.get(step, {})) for step in steps}
        for how in (*_LAMBDA, _OTHERS, "dependency_flickers"):
            of_this_kind = {step: themes[how] for step, themes in errors.items()}
            name = "lambda_others" if how == _OTHERS else how
            for number, retried in _executions(of_this_kind, by_name):
                yield Script(
                    name=f"{name}_{path}{number}",
                    description=f"{_error_list(retried)}: the steps of the order retry them",
                    responses={**responses_before, **_recoveries(retried)},
                )


def _function_themes(state: State) -> Errors:
    """Return the errors of Lambda by theme, and those that our functions raise themselves."""
    own = [error for error in _retried_names(state) if "." not in error]
    return {**_by_theme(_LAMBDA, state), "dependency_flickers": [*own[:1], *own]}


def _order_update_errors(by_name: States) -> Iterator[Script]:
    for ending, (state, responses_before) in ORDER_UPDATES.items():
        for how, errors in _by_theme(_DYNAMODB, by_name.get(state, {})).items():
            for number, retried in _executions({state: errors}, by_name):
                yield Script(
                    name=f"table_{how}_{ending}{number}",
                    description=f"{_error_list(retried)}: {state} retries them",
                    responses={**responses_before, **_recoveries(retried)},
                )


def _announcement_errors(by_name: States) -> Iterator[Script]:
    for ending, (state, responses_before) in ANNOUNCEMENTS.items():
        for how, errors in _by_theme(_EVENTBRIDGE, by_name.get(state, {})).items():
            for number, retried in _executions({state: errors}, by_name):
                yield Script(
                    name=f"bus_{how}_{ending}{number}",
                    description=f"{_error_list(retried)}: {state} retries them",
                    responses={**responses_before, **_recoveries(retried)},
                )
        for how, errors in _by_theme(_SQS, by_name.get(f"Park{state}", {})).items():
            for number, retried in _executions({f"Park{state}": errors}, by_name):
                yield Script(
                    name=f"delivery_queue_{how}_{ending}{number}",
                    description=f"{state} fails, and Park{state} retries {_error_list(retried)}",
                    responses={
                        **responses_before,
                        state: fails("EventBridge.FailedEntry", FAILED_ENTRY),
                        **_recoveries(retried),
                    },
                )


def _queue_errors(by_name: States) -> Iterator[Script]:
    for name, (responses_before, steps) in _PARKED_TOGETHER.items():
        parks = {f"Park{step}": _by_theme(_SQS, by_name.get(f"Park{step}", {})) for step in steps}
        for how in (*_SQS, _OTHERS):
            for number, retried in _executions({park: parks[park][how] for park in parks}, by_name):
                yield Script(
                    name=f"queue_{how}_{name}{number}",
                    description=f"{', '.join(steps)} fail, their Park states retry {_error_list(retried)}",
                    responses={
                        **responses_before,
                        **dict.fromkeys(steps, LAMBDA_DOWN),
                        **_recoveries(retried),
                    },
                )


def _by_theme(themes: Errors, state: State) -> Errors:
    """Return the errors of each theme, and as `others` the state's errors of AWS that no theme has."""
    in_a_theme = {error for errors in themes.values() for error in errors}
    others = [error for error in _retried_names(state) if "." in error and error not in in_a_theme]
    return {**themes, _OTHERS: others}


def _retried_names(state: State) -> list[str]:
    return [error for retrier in state.get("Retry", []) for error in retrier["ErrorEquals"]]


def _executions(errors: Errors, by_name: States) -> Iterator[tuple[str, Errors]]:
    """Yield the errors of as many executions as it takes to retry all, each with the end of its name.

    Errors that the definition does not retry are left out.
    """
    shared = {state: _shared_out(each, by_name.get(state, {})) for state, each in errors.items()}
    for index in range(max(map(len, shared.values()), default=0)):
        number = f"_{index + 1}" if index else ""
        yield number, {state: parts[index] for state, parts in shared.items() if index < len(parts)}


def _shared_out(errors: Iterable[str], state: State) -> list[list[str]]:
    """Share out errors into parts; one execution of the state can retry all errors of a part."""
    parts: list[list[str]] = []
    for error in errors:
        part = next((part for part in parts if retries_left(state, error, part)), None)
        if part is not None:
            part.append(error)
        elif retries_left(state, error):
            parts.append([error])
    return parts


def _recoveries(errors: Errors) -> Responses:
    return {state: recovers(state, *each) for state, each in errors.items()}


def _error_list(errors: Errors) -> str:
    return ", ".join(dict.fromkeys(error for each in errors.values() for error in each))
