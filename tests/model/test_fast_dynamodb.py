"""The in-memory DynamoDB of the model-based tests gives the same responses as moto."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from datetime import timedelta
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from handlers.adapters.gateways.simulated import OUTAGE_TOKEN
from tests.aws_tables import TableNames, create_tables
from tests.model.fast_dynamodb import FastDynamoDB, empty_tables
from tests.model.world import World
from tests.moto_clients import client

SERVICE_STEPS = [
    ("Inventory", "reserve"),
    ("Inventory", "release"),
    ("Payment", "authorize"),
    ("Payment", "capture"),
    ("Payment", "void"),
    ("Payment", "reverse"),
    ("Notification", "received"),
    ("Notification", "confirmed"),
    ("Notification", "cancelled"),
]


class ComparedStores:
    """Makes each call in both stores, and fails if the responses differ."""

    def __init__(self, fast: FastDynamoDB, moto: Any, names: TableNames) -> None:
        self._fast = fast
        self._moto = moto
        self._real = {"Orders": names.orders, "Inventory": names.inventory}
        self.compared = 0

    def get_paginator(self, operation: str) -> Any:
        """Return a paginator that has one page and compares it."""
        return SimpleNamespace(paginate=lambda **request: [getattr(self, operation)(**request)])

    def __getattr__(self, method: str) -> Any:
        def both(**request: Any) -> Any:
            ours = _response(getattr(self._fast, method), request)
            theirs = _response(getattr(self._moto, method), self._with_moto_names(request))
            assert _comparable(ours) == self._with_test_names(_comparable(theirs)), (method, request)
            self.compared += 1
            if isinstance(ours, ClientError):
                raise ours
            return ours

        return both

    def _with_moto_names(self, request: Any) -> Any:
        """Replace the table names: moto's tables have the names of the template."""
        if isinstance(request, Mapping):
            return {
                self._real.get(name, name): self._with_moto_names(value) for name, value in request.items()
            }
        if isinstance(request, list):
            return [self._with_moto_names(entry) for entry in request]
        return self._real.get(request, request) if isinstance(request, str) else request

    def _with_test_names(self, response: Any) -> Any:
        ours = {real: name for name, real in self._real.items()}
        if isinstance(response, dict):
            return {ours.get(name, name): self._with_test_names(value) for name, value in response.items()}
        return response


def _response(call: Any, request: Any) -> Any:
    try:
        return call(**request)
    except ClientError as error:
        return error


def _comparable(result: Any) -> Any:
    """Return what adapters read: the items, or the error with its item and reasons."""
    if isinstance(result, ClientError):
        reasons = [
            (reason["Code"], reason.get("Item")) for reason in result.response.get("CancellationReasons", [])
        ]
        return {
            "error": result.response["Error"]["Code"],
            "item": result.response.get("Item"),
            "reasons": reasons,
        }
    return {name: result.get(name) for name in ("Item", "Items", "Attributes", "Responses")}


@contextmanager
def compared_stores(template: dict[str, Any]) -> Iterator[ComparedStores]:
    """Make two empty stores."""
    with mock_aws():
        yield ComparedStores(FastDynamoDB(empty_tables()), client("dynamodb"), create_tables(template))


orders = st.dictionaries(st.sampled_from(["lamp", "bell", "gone"]), st.integers(1, 4), min_size=1)
methods = st.sampled_from(["pm_card_visa", "pm_card_declined", OUTAGE_TOKEN])
splits = st.lists(st.tuples(st.sampled_from(["lamp", "bell"]), st.integers(1, 4)), max_size=4)
steps = st.tuples(st.integers(0, 2), st.sampled_from(SERVICE_STEPS), st.sampled_from(["arn:1", "arn:2"]))


@settings(max_examples=25)
@given(
    baskets=st.lists(st.tuples(orders, methods), min_size=1, max_size=3),
    script=st.lists(steps, max_size=12),
    splits=splits,
    rest=st.tuples(st.booleans(), st.integers(0, 5), st.sampled_from(["", "early", "late"])),
)
def test_both_stores_give_the_same_responses(  # noqa: PLR0913  two fixtures and four strategies
    dev_template: dict[str, Any],
    definition: dict[str, Any],
    *,
    baskets: list[tuple[dict[str, int], str]],
    script: list[Any],
    splits: list[tuple[str, int]],
    rest: tuple[bool, int, str],
) -> None:
    events_are_lost, sweeps, cancelled = rest
    with compared_stores(dev_template) as store:
        world = World(store, definition)
        world.stock({"lamp": 5, "bell": 3})
        with world.installed():
            for product, into in splits[:1]:
                world.split(product, into)
            placed = [
                world.place(basket, key=str(number % 2), payment_method=method)
                for number, (basket, method) in enumerate(baskets)
            ]
            ids = [
                response["body"]["orderId"]
                for response in placed
                if response["statusCode"] == HTTPStatus.ACCEPTED
            ]
            for number, (function, operation), owner in script if ids else []:
                world.try_to_invoke(function, operation, ids[number % len(ids)], owner)
                for product, into in splits[number + 1 : number + 2]:
                    world.split(product, into)
            for order_id in ids if cancelled == "early" else []:
                world.cancel(order_id, comment="too late")
            for event in [] if events_are_lost else world.bus.starting():
                world.run(world.start(event))
            for order_id in ids if cancelled == "late" else []:
                world.cancel(order_id)
            for order_id in ids:
                world.request("GET", f"/orders/{order_id}")
            for _ in range(sweeps):
                world.time += timedelta(seconds=400)
                world.sweep()
            world.redrive()
            for event in world.bus.starting():
                world.run(world.start(event))

        assert store.compared > 0


def test_a_change_of_a_request_or_response_does_not_change_the_store() -> None:
    store = FastDynamoDB(empty_tables())
    key = {"productId": {"S": "mug"}}
    item = key | {"sold": {"L": [{"N": "1"}]}}
    store.put_item(TableName="Inventory", Item=item)
    stored = deepcopy(item)

    changed = [
        item,
        store.get_item(TableName="Inventory", Key=key)["Item"],
        store.scan(TableName="Inventory")["Items"][0],
        store.transact_get_items(TransactItems=[{"Get": {"TableName": "Inventory", "Key": key}}])[
            "Responses"
        ][0]["Item"],
        store.batch_get_item(RequestItems={"Inventory": {"Keys": [key]}})["Responses"]["Inventory"][0],
    ]
    for each in changed:
        each["sold"]["L"].clear()

    assert store.get_item(TableName="Inventory", Key=key)["Item"] == stored


def test_the_tables_have_the_keys_of_the_template(dev_template: dict[str, Any]) -> None:
    deployed = {
        output: dev_template["Resources"][dev_template["Outputs"][f"{output}TableName"]["Value"]["Ref"]][
            "Properties"
        ]
        for output in ("Orders", "Inventory")
    }

    for name, table in empty_tables().items():
        assert table.key == _key_names(deployed[name])
        indexes = deployed[name].get("GlobalSecondaryIndexes", [])
        assert dict(table.indexes) == {index["IndexName"]: _key_names(index) for index in indexes}
        assert dict(table.included) == {
            index["IndexName"]: frozenset(index["Projection"]["NonKeyAttributes"]) for index in indexes
        }


def _key_names(properties: Mapping[str, Any]) -> tuple[str, ...]:
    kinds = {key["KeyType"]: key["AttributeName"] for key in properties["KeySchema"]}
    return tuple(kinds[kind] for kind in ("HASH", "RANGE") if kind in kinds)
