"""Scripts with retries: each error that a retrier names is thrown once."""

from collections.abc import Iterator, Mapping
from typing import Final

from devtools.recording.scripts.script import (
    ANNOUNCEMENTS,
    DECLINED,
    LAMBDA_DOWN,
    ORDER_UPDATES,
    Script,
    fails,
    recovers,
)
from devtools.recording.task_responses import TaskResponses

Errors = Mapping[str, tuple[str, ...]]
"""Up to three errors, one for each retry."""

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
    "fails": ("DynamoDB.InternalServerError", "DynamoDB.InternalServerErrorException", "States.Timeout"),
}
_EVENTBRIDGE: Final[Errors] = {
    "throttles": (
        "EventBridge.FailedEntry",
        "EventBridge.ThrottlingException",
        "EventBridge.AmazonEventBridgeException",
    ),
    "fails": ("EventBridge.InternalException", "EventBridge.SdkClientException", "States.Timeout"),
}
_SQS: Final[Errors] = {
    "throttles": ("SQS.RequestThrottled", "SQS.RequestThrottledException", "SQS.AmazonSQSException"),
    "fails": ("SQS.SdkClientException", "States.Timeout"),
}
_OWN_ERROR: Final = {
    **dict.fromkeys(("AuthorizePayment", "CapturePayment", "VoidPayment"), "GatewayUnavailable"),
    **dict.fromkeys(("NotifyReceived", "NotifyConfirmed", "NotifyRejected"), "NotificationInProgress"),
}
_FIRST_STEPS: Final = ("ReserveInventory", "AuthorizePayment", "NotifyReceived")
_ACCEPTED_STEPS: Final = (*_FIRST_STEPS, "CapturePayment", "NotifyConfirmed")
_COMPENSATION_STEPS: Final = ("ReleaseInventory", "VoidPayment", "NotifyRejected")

# Steps whose messages are parked in the same execution, and the responses before them.
_PARKED_TOGETHER: Final[Mapping[str, tuple[TaskResponses, tuple[str, ...]]]] = {
    "first_steps": ({}, _FIRST_STEPS),
    "capture": ({}, ("CapturePayment",)),
    "confirmation": ({}, ("NotifyConfirmed",)),
    "compensation": (DECLINED, ("ReleaseInventory", "VoidPayment")),
    "refusal": (DECLINED, ("NotifyRejected",)),
}


def transient_errors() -> Iterator[Script]:
    """Yield the scripts of functions, order updates, announcements and dead-letter queues."""
    yield from _function_errors()
    yield from _order_update_errors()
    yield from _announcement_errors()
    yield from _queue_errors()


def _function_errors() -> Iterator[Script]:
    steps = (*_ACCEPTED_STEPS, *_COMPENSATION_STEPS)
    for name, errors in _LAMBDA.items():
        yield from _accepted_and_refused(name, dict.fromkeys(steps, errors))
    own_errors = {
        step: ("DependencyUnavailable",) * 2 + ((_OWN_ERROR[step],) if step in _OWN_ERROR else ())
        for step in steps
    }
    yield from _accepted_and_refused("dependency_flickers", own_errors)


def _accepted_and_refused(name: str, errors: Errors) -> Iterator[Script]:
    yield Script(
        name=f"{name}_accepted",
        description=f"{_error_list(errors)}: the steps of an accepted order retry them",
        responses={step: recovers(step, *errors[step]) for step in _ACCEPTED_STEPS},
    )
    yield Script(
        name=f"{name}_refused",
        description=f"{_error_list(errors)}: the compensations retry them too",
        responses={**DECLINED, **{step: recovers(step, *errors[step]) for step in _COMPENSATION_STEPS}},
    )


def _order_update_errors() -> Iterator[Script]:
    for ending, (state, responses_before) in ORDER_UPDATES.items():
        for how, errors in _DYNAMODB.items():
            yield Script(
                name=f"table_{how}_{ending}",
                description=f"{', '.join(errors)}: {state} retries them",
                responses={**responses_before, state: recovers(state, *errors)},
            )


def _announcement_errors() -> Iterator[Script]:
    for ending, (state, responses_before) in ANNOUNCEMENTS.items():
        for how, errors in _EVENTBRIDGE.items():
            yield Script(
                name=f"bus_{how}_{ending}",
                description=f"{', '.join(errors)}: {state} retries them",
                responses={**responses_before, state: recovers(state, *errors)},
            )
        for how, errors in _SQS.items():
            yield Script(
                name=f"delivery_queue_{how}_{ending}",
                description=f"{state} fails, and Park{state} retries {', '.join(errors)}",
                responses={
                    **responses_before,
                    state: fails("EventBridge.FailedEntry", '{"Entries": [], "FailedEntryCount": 1}'),
                    f"Park{state}": recovers(f"Park{state}", *errors),
                },
            )


def _queue_errors() -> Iterator[Script]:
    for name, (responses_before, steps) in _PARKED_TOGETHER.items():
        for how, errors in _SQS.items():
            yield Script(
                name=f"queue_{how}_{name}",
                description=f"{', '.join(steps)} fail, and their Park states retry {', '.join(errors)}",
                responses={
                    **responses_before,
                    **dict.fromkeys(steps, LAMBDA_DOWN),
                    **{f"Park{step}": recovers(f"Park{step}", *errors) for step in steps},
                },
            )


def _error_list(errors: Errors) -> str:
    return ", ".join(dict.fromkeys(error for each in errors.values() for error in each))
