"""What the roles of the app really do in all their work, against what their policies allow.

The local cloud of the tests refuses what a role does not allow: all the other tests pass that way too.
"""

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final, NamedTuple
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from devtools.local_cloud.folder import Folder
from handlers.contract.names import (
    EVENT_SOURCE,
    DetailType,
    OpenKind,
    Stage,
    open_key,
    open_shard,
    stack_name,
)
from orderctl.live_version import LiveVersion
from orderctl.stack import Stack
from tests.deployed.deployed_shop import DeployedShop
from tests.deployed.emulator.operator_session import Operator
from tests.deployed.operator_steps import orderctl
from tests.dynamodb_items import to_item
from tests.waiting import eventually

# Allowed and not seen in a request to the local cloud, with the reason; role and action are patterns.
_NOT_SEEN: Final = {
    ("*", "xray:*"): "the local cloud has no traces",
    ("*", "logs:*"): "MiniStack writes the logs of functions and executions by itself",
    ("Workflow*EventsRo*", "states:StartExecution"): "EventBridge starts executions inside of MiniStack",
    ("SweeperScheduleRole*", "lambda:InvokeFunction"): "the scheduler invokes inside of MiniStack",
    ("FunctionsMetricsRole*", "dynamodb:*"): "MiniStack reads the stream for the function by itself",
    ("OperatorRole*", "lambda:GetAccountSettings"): "MiniStack allows it to everybody",
    ("OperatorRole*", "execute-api:Invoke"): "the local API has a key, and asks for no signature",
}
# Only when the bus refuses an announcement, which tests/workflow/test_announcements.py and
# tests/adapters/test_sweeper.py try.
_ANNOUNCERS: Final = ("FunctionsSweeperRole*", "WorkflowOrderWorkflowRole*")
# tests/deployed/emulator/test_gameday.py denies it on purpose. Without it, no order could be placed anyway.
_DENIED_ON_PURPOSE: Final = ("FunctionsOrdersRole*", "dynamodb:PutItem")
_ORDER_FILE: Final = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,ROLES-1,MUG,2,2010-12-01 08:26:00,2.55,17850,United Kingdom
"""
_LOCAL: Final = "OrderProcessing-local-"


class Permission(NamedTuple):
    """An action on a resource; a role's name is without the stack's."""

    role: str
    action: str
    resource: str


@pytest.fixture(scope="module")
def operator(local_stack: Stack) -> Operator:
    """Somebody with the operator role of the stack."""
    return Operator(local_stack, _role_arn(local_stack, "OperatorRole"))


@pytest.fixture(scope="module")
def used(
    shop: DeployedShop, operator: Operator, local_folder: Folder, tmp_path_factory: pytest.TempPathFactory
) -> list[tuple[Permission, bool]]:
    """Let every role do all its work, and return its calls with whether each was allowed."""
    customer, product = f"roles-{uuid4()}", shop.sell(available=100)

    def place(quantity: int = 1, payment: str = "pm_card_visa") -> str:
        placed = shop.place({product: quantity}, payment=payment, customer=customer, key=str(uuid4()))
        return str(placed.body["orderId"])

    confirmed = place()
    orders = [confirmed, place(quantity=101), place(payment="pm_card_declined")]
    shop.wait_until_not_pending(*orders)
    shop.api.get(confirmed)
    _replay_without_its_product(shop)
    _order_from_several_counters(shop)
    shop.orders_of(customer)
    for service in ("inventory", "payment", "notification"):
        with operator.outage(service):
            broken = place()
            shop.wait_until_not_pending(broken)
            eventually(lambda: orderctl("dlq", "list"), "the dead letters")
    catalogue, orders = _files(tmp_path_factory.mktemp("operator"))
    _park_an_announcement(shop.stack, confirmed)
    operator.find_stack(stack_name(Stage.LOCAL))
    for command in (
        ["stock", "set", product, "50"],
        ["stock", "show"],
        ["stock", "split", product, "3"],
        ["stock", "merge", product],
        ["stock", "import", str(catalogue)],
        ["import", str(orders)],
        ["trace", confirmed],
        ["dlq", "list"],
        ["dlq", "redrive", "all"],
        ["rollback", str(LiveVersion(shop.stack).read())],
        ["forget", "--customer", customer, "--yes"],
    ):
        operator.orderctl(*command)
    _let_the_sweeper_work(shop)
    calls = [json.loads(line) for line in local_folder.calls_file.read_text().splitlines()]
    return [
        (Permission(_short(call["role"]), call["action"], call["resource"]), call["allowed"])
        for call in calls
        # Other tests name a table that does not exist, to see what becomes of it.
        if call["role"].startswith(_LOCAL) and "does-not-exist" not in call["resource"]
    ]


def _park_an_announcement(stack: Stack, order_id: str) -> None:
    """Leave an event that could not be published."""
    event = {
        "source": EVENT_SOURCE,
        "detail-type": DetailType.ORDER_CONFIRMED,
        "detail": {"orderId": order_id},
    }
    stack.client("sqs").send_message(QueueUrl=stack.dlq_urls["delivery"], MessageBody=json.dumps(event))


def _files(folder: Path) -> tuple[Path, Path]:
    catalogue, orders = folder / "catalogue.csv", folder / "orders.csv"
    catalogue.write_text(f"productId,name,unitPrice,available\nP-{uuid4()},Mug,255,12\n")
    orders.write_text(_ORDER_FILE)
    return catalogue, orders


def _replay_without_its_product(shop: DeployedShop) -> None:
    """Send an order again whose product has left the catalogue since."""
    gone, key = shop.sell(), str(uuid4())
    shop.wait_until_not_pending(shop.place({gone: 1}, key=key).body["orderId"])
    shop.stack.client("dynamodb").delete_item(
        TableName=shop.stack.inventory_table, Key=to_item({"productId": gone})
    )
    assert shop.place({gone: 1}, key=key).replayed


def _order_from_several_counters(shop: DeployedShop) -> None:
    """Order more of a split product than one of its counters has."""
    product = shop.sell(available=4)
    orderctl("stock", "split", product, "2")
    shop.wait_until_not_pending(str(shop.place({product: 3}).body["orderId"]))


def _let_the_sweeper_work(shop: DeployedShop) -> None:
    """Leave an order whose event was lost, and one that was emitted too often while its bus is gone."""
    long_ago = open_key(OpenKind.IN_PROGRESS, "2026-01-01T00:00:00.000Z")
    product = shop.sell()
    for attempts in (0, 99):
        placed = shop.place({product: 1}).body["orderId"]
        shop.wait_until_closed(placed)
        record = shop.records(placed)["ORDER"]
        order_id = str(uuid4())
        lost = {**record, "orderId": order_id, "status": "PENDING", "attempts": attempts, "openKey": long_ago}
        item = {**lost, "openShard": open_shard(order_id)}
        item.pop("closedAt")
        shop.stack.client("dynamodb").put_item(TableName=shop.stack.orders_table, Item=to_item(item))
        eventually(
            lambda: shop.records(order_id)["ORDER"]["status"] != "PENDING",  # noqa: B023  called at once
            "a sweep",
        )


def _short(role: str) -> str:
    return role.removeprefix(_LOCAL)


def _allowed(stack: Stack) -> Iterator[Permission]:
    """Yield what the deployed policies of the app's roles allow."""
    iam = stack.client("iam")
    roles = [
        role["RoleName"] for page in iam.get_paginator("list_roles").paginate() for role in page["Roles"]
    ]
    for role in (name for name in roles if name.startswith(_LOCAL)):
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            for statement in document["Statement"]:
                actions, resources = statement["Action"], statement["Resource"]
                for action in [actions] if isinstance(actions, str) else actions:
                    for resource in [resources] if isinstance(resources, str) else resources:
                        yield Permission(_short(role), action, resource)


def _reason(permission: Permission) -> str | None:
    return next(
        (
            reason
            for (role, action), reason in _NOT_SEEN.items()
            if fnmatchcase(permission.role, role) and fnmatchcase(permission.action, action)
        ),
        None,
    )


def _parks_an_announcement(permission: Permission) -> bool:
    return (
        permission.action == "sqs:SendMessage"
        and "MessagingDeliveryDlq" in permission.resource
        and any(fnmatchcase(permission.role, role) for role in _ANNOUNCERS)
    )


def test_no_role_is_refused_a_call_that_it_makes(used: list[tuple[Permission, bool]]) -> None:
    role, action = _DENIED_ON_PURPOSE

    assert used
    assert [
        each
        for each, allowed in used
        if not allowed and not (fnmatchcase(each.role, role) and each.action == action)
    ] == []


def test_every_permission_is_used_or_listed_with_a_reason(
    local_stack: Stack, used: list[tuple[Permission, bool]]
) -> None:
    made = {permission for permission, _ in used}

    unused = [
        allowed
        for allowed in _allowed(local_stack)
        if _reason(allowed) is None
        and not _parks_an_announcement(allowed)
        and not any(
            (each.role, each.action) == (allowed.role, allowed.action)
            and fnmatchcase(each.resource, allowed.resource)
            for each in made
        )
    ]

    assert not unused, "\n".join(map(str, unused))


def test_every_listed_exception_is_still_needed(local_stack: Stack) -> None:
    allowed = list(_allowed(local_stack))

    for role, action in _NOT_SEEN:
        known = [
            each for each in allowed if fnmatchcase(each.role, role) and fnmatchcase(each.action, action)
        ]
        assert known, (role, action, sorted({each.role for each in allowed}))


def test_a_call_that_its_role_does_not_allow_is_refused(local_stack: Stack, operator: Operator) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        operator.client("dynamodb").scan(TableName=local_stack.orders_table)


def test_nobody_but_its_service_assumes_the_role_of_a_function(local_stack: Stack) -> None:
    role = _role_arn(local_stack, "FunctionsNotificationRole")

    with pytest.raises(ClientError, match="AccessDenied"):
        local_stack.client("sts").assume_role(RoleArn=role, RoleSessionName="test")


def _role_arn(stack: Stack, name: str) -> str:
    pages = stack.client("iam").get_paginator("list_roles").paginate()
    (found,) = (
        role["Arn"]
        for page in pages
        for role in page["Roles"]
        if role["RoleName"].startswith(f"{_LOCAL}{name}")
    )
    return str(found)
