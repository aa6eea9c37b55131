"""All checks, in their order, and what becomes of their errors."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from orderctl.doctor.account_checks import (
    api_gateway_role,
    bootstrap,
    bus_name,
    clock,
    credentials,
    lambda_concurrency,
    log_group,
    machine_name,
    powertools_layer,
    region,
)
from orderctl.doctor.finding import Finding, problem, unknown
from orderctl.doctor.place import Place
from orderctl.doctor.stack_checks import definition_drift, permissions, stack_status

Check = Callable[[Place], Finding]

CHECKS: Final[Mapping[str, Check]] = {
    "credentials": credentials,
    "Region": region,
    "clock": clock,
    "CDK bootstrap": bootstrap,
    "Powertools layer": powertools_layer,
    "Lambda concurrency": lambda_concurrency,
    "API Gateway's role": api_gateway_role,
    "event bus": bus_name,
    "state machine": machine_name,
    "log group": log_group,
    "stack": stack_status,
    "workflow": definition_drift,
    "permissions": permissions,
}
_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})


def examine(place: Place) -> Iterator[tuple[str, Finding]]:
    """Yield the name and the finding of each check; stop after invalid credentials."""
    for name, check in CHECKS.items():
        finding = _checked(check, place)
        yield name, finding
        if check is credentials and finding.what_to_do:
            return


def _checked(check: Check, place: Place) -> Finding:
    try:
        return check(place)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _DENIED and check is not credentials:
            return unknown(f"you may not call {error.operation_name}", "Allow it, or look in the console.")
        return problem(f"{error.operation_name} failed: {code}", "Check your credentials and the Region.")
    except BotoCoreError as error:
        return problem(str(error), "Sign in to AWS, or choose --profile and --region.")
