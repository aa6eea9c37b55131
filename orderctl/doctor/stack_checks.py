"""Whether a deployed stage is as it should be, and what its operator may do."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from handlers.contract.names import CUSTOMER_ORDERS_INDEX, OPEN_ORDERS_INDEX
from orderctl.definition_drift import DefinitionDiffersError, substitutions
from orderctl.doctor.finding import Finding, ok, problem, unknown, warning
from orderctl.doctor.place import Place
from orderctl.local_cloud import checkout

_ASSUMED_ROLE: Final = re.compile(r"arn:aws:sts::\d+:assumed-role/(?P<role>[^/]+)/")
# At most this many actions of one kind of resource in a request.
_WELL: Final = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"})
# What the commands of orderctl call, by the output that names the resource; of a table also its indexes.
_ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "OrdersTableName": ("dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:UpdateItem"),
    f"OrdersTableName/index/{CUSTOMER_ORDERS_INDEX}": ("dynamodb:Query",),
    f"OrdersTableName/index/{OPEN_ORDERS_INDEX}": ("dynamodb:Query",),
    "InventoryTableName": (
        "dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:Scan",
        "dynamodb:UpdateItem",
    ),
    "EventBusName": ("events:PutEvents",),
    "StateMachineArn": ("states:DescribeStateMachine",),
    **{
        f"{queue}DlqUrl": (
            "sqs:ChangeMessageVisibility", "sqs:DeleteMessage",
            "sqs:GetQueueAttributes", "sqs:ReceiveMessage",
        )
        for queue in ("Inventory", "Payment", "Notification", "Delivery")
    },
}  # fmt: skip


def stack_status(place: Place) -> Finding:
    """The status of the CloudFormation stack."""
    if place.stack is None:
        return ok(f"{place.stack_name} is not deployed yet")
    status = place.stack["StackStatus"]
    if status in _WELL:
        return ok(f"{place.stack_name}: {status}")
    if status.endswith("_IN_PROGRESS"):
        return warning(f"{place.stack_name}: {status}", "Wait until the other deployment has ended.")
    return problem(
        f"{place.stack_name}: {status}",
        "Read its events in the CloudFormation console, mend the cause, and deploy again "
        "(a stack that failed at its creation must be deleted first: `cdk destroy`).",
    )


def definition_drift(place: Place) -> Finding:
    """Whether the deployed state machine is that of this checkout."""
    arn = place.outputs.get("StateMachineArn")
    root = checkout()
    if arn is None:
        return ok("not deployed yet")
    if root is None:
        return unknown("orderctl does not run in a checkout")
    ours = json.loads(Path(root, "statemachines", "order_workflow.asl.json").read_text())
    machine = place.client("stepfunctions").describe_state_machine(stateMachineArn=arn)
    try:
        substitutions(ours, json.loads(machine["definition"]))
    except DefinitionDiffersError as error:
        return warning(
            f"the deployed workflow is not that of this checkout: it differs in {error}",
            "Deploy this checkout, or check out what is deployed.",
        )
    return ok("the deployed workflow is that of this checkout")


def permissions(place: Place) -> Finding:
    """Whether the caller may do what the commands of orderctl do."""
    if place.stack is None:
        return ok("not deployed yet")
    principal = _principal(place)
    if principal is None:
        return ok("root may do everything")
    denied = list(dict.fromkeys(_denied(place, principal)))
    if denied:
        return warning(f"not allowed: {', '.join(denied)}", f"Allow them to {principal}.")
    operator = place.outputs.get("OperatorRoleArn")
    if operator not in {None, principal}:
        # The policy of the bus denies it to everybody else, which the simulation does not see.
        role = f"`--role operator` ({operator})"
        return ok(f"{principal} may do what orderctl does; only `orderctl dlq redrive` needs {role}")
    return ok(f"{principal} may do what orderctl does")


def _principal(place: Place) -> str | None:
    """Return the ARN that policies are attached to; None for the root of the account."""
    arn = str(place.identity["Arn"])
    if arn.endswith(":root"):
        return None
    if session := _ASSUMED_ROLE.match(arn):
        return str(place.client("iam").get_role(RoleName=session["role"])["Role"]["Arn"])
    return arn


def _denied(place: Place, principal: str) -> Iterator[str]:
    iam = place.client("iam")
    for resource, actions in _ACTIONS.items():
        output, slash, index = resource.partition("/")
        if output in place.outputs:
            results = iam.simulate_principal_policy(
                PolicySourceArn=principal,
                ActionNames=list(actions),
                ResourceArns=[_arn(place, output, place.outputs[output]) + slash + index],
            )["EvaluationResults"]
            yield from (each["EvalActionName"] for each in results if each["EvalDecision"] != "allowed")


def _arn(place: Place, output: str, value: str) -> str:
    where = f"{place.region}:{place.identity['Account']}"
    if output.endswith("TableName"):
        return f"arn:aws:dynamodb:{where}:table/{value}"
    if output.endswith("DlqUrl"):
        return f"arn:aws:sqs:{where}:{value.rpartition('/')[2]}"
    if output == "EventBusName":
        return f"arn:aws:events:{where}:event-bus/{value}"
    return value
