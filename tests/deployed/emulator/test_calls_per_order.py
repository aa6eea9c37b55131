"""How many calls of AWS an order makes, by operation: docs/performance.md has why it needs each of them."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import uuid4

import pytest

from devtools.cost.deployed import DeployedStack
from devtools.cost.measuring import Measurer
from devtools.cost.notes import notes_of, noting, read_notes
from devtools.cost.scenarios import Case
from devtools.local_cloud.folder import Folder
from orderctl.api_client import ACCEPTED, OrdersApi, Response
from orderctl.cost.measured import Outcome
from orderctl.stack import Stack
from tests.deployed.deployed_shop import DeployedShop

Act = Callable[[], Response]

_CONFIRMED: Final[Mapping[str, Mapping[str, int]]] = {
    "orders": {"dynamodb:BatchGetItem": 1, "dynamodb:PutItem": 1, "events:PutEvents": 1},
    "inventory": {"dynamodb:GetItem": 1, "dynamodb:TransactWriteItems": 1},
    "payment": {"dynamodb:Query": 2, "dynamodb:PutItem": 1, "dynamodb:UpdateItem": 1},
    "notification": {"dynamodb:GetItem": 2, "dynamodb:UpdateItem": 4, "sns:Publish": 2},
    "workflow": {"dynamodb:UpdateItem": 2, "events:PutEvents": 1},
}


@pytest.fixture(scope="module")
def deployed(local_stack: Stack, local_folder: Folder) -> DeployedStack:
    return DeployedStack(local_stack, local_folder.requests_file)


@pytest.fixture(scope="module")
def product(shop: DeployedShop) -> str:
    return shop.sell(available=1_000)


def _order(product: str) -> dict[str, Any]:
    return {
        "customerId": "cust-17850",
        "customerEmail": "ada@example.com",
        "paymentMethod": "pm_card_visa",
        "items": [{"productId": product, "quantity": 1}],
    }


def _calls(deployed: DeployedStack, product: str, act: Act) -> tuple[Response, Counter[str]]:
    """Return the response and the calls that the orders function made for it."""
    with noting(deployed.requests_file):
        response = act()
        noted = read_notes(deployed.requests_file, deployed.names)
    notes = notes_of(noted, [str(response.body["orderId"]), product])
    ours = [note for note in notes if deployed.caller(note["caller"]) == "orders"]
    return response, Counter(f"{note['service']}:{note['operation']}" for note in ours)


def test_a_new_order_makes_three_calls_before_its_response(deployed: DeployedStack, product: str) -> None:
    api = OrdersApi(deployed.stack)

    response, calls = _calls(
        deployed, product, lambda: api.place(_order(product), idempotency_key=str(uuid4()))
    )

    assert response.status == ACCEPTED
    assert calls == {"dynamodb:BatchGetItem": 1, "dynamodb:PutItem": 1, "events:PutEvents": 1}


def test_a_replay_of_a_settled_order_makes_two_calls(
    deployed: DeployedStack, shop: DeployedShop, product: str
) -> None:
    api, key = OrdersApi(deployed.stack), str(uuid4())
    first = api.place(_order(product), idempotency_key=key)
    shop.wait_until_closed(str(first.body["orderId"]))

    again, calls = _calls(deployed, product, lambda: api.place(_order(product), idempotency_key=key))

    assert again.body["orderId"] == first.body["orderId"]
    # The write whose condition fails returns the order that is there.
    assert calls == {"dynamodb:BatchGetItem": 1, "dynamodb:PutItem": 1}


def test_reading_an_order_makes_one_call(deployed: DeployedStack, shop: DeployedShop, product: str) -> None:
    api = OrdersApi(deployed.stack)
    order_id = str(api.place(_order(product), idempotency_key=str(uuid4())).body["orderId"])
    shop.wait_until_closed(order_id)

    response, calls = _calls(deployed, product, lambda: api.get(order_id))

    assert response.body["status"] == "CONFIRMED"
    assert calls == {"dynamodb:Query": 1}


def test_a_confirmed_order_makes_20_calls(deployed: DeployedStack) -> None:
    used = Measurer(deployed=deployed).measure(Case(outcome=Outcome.CONFIRMED, lines=3, prefix="T200"))

    assert used.calls == _CONFIRMED
    assert sum(sum(calls.values()) for calls in used.calls.values()) == 20
