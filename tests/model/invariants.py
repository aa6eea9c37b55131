"""Rules that hold after every step, also when steps are interrupted, repeated or run at the same time."""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from handlers.contract.names import DetailType
from tests.model.world import World

SETTLED = {"CONFIRMED", "REJECTED"}
_ANNOUNCED_AS = {"CONFIRMED": "OrderConfirmed", "REJECTED": "OrderRejected"}


@dataclass(kw_only=True)
class Invariants:
    """`stock` is the initial stock; the other fields are kept from one check to the next."""

    stock: dict[str, int]
    accepted: set[str] = field(default_factory=set)
    settled: dict[str, tuple[str, str]] = field(default_factory=dict)
    sent: dict[tuple[str, str], int] = field(default_factory=dict)

    def check(self, world: World) -> None:
        """Raise AssertionError with the broken rule and its order or product."""
        records = world.orders()
        self._check_stock(world, records)
        for order_id, of_order in records.items():
            self._check_payment(world, order_id, of_order)
            self._check_settlement(order_id, of_order)
            self._check_notifications(world, order_id, of_order)
            self._check_announcements(world, order_id, of_order)
        for order_id in self.accepted:
            self._check_index(order_id, records[order_id]["ORDER"])

    def check_all_settled(self, world: World) -> None:
        """Raise AssertionError if an order is not settled or a dead letter is left."""
        orders = {order_id: of_order["ORDER"]["status"] for order_id, of_order in world.orders().items()}
        open_orders = {order_id: status for order_id, status in orders.items() if status not in SETTLED}
        assert not open_orders, f"these orders are not settled: {open_orders}"
        # No redrive deletes what is not about an order: an operator must see that somebody sends such events.
        assert not any(_parked(world, order_id) for order_id in orders), "a dead letter is left"
        not_closed = [
            order_id for order_id, of_order in world.orders().items() if "openKey" in of_order["ORDER"]
        ]
        assert not not_closed, f"these settled orders are still open: {not_closed}"
        assert set(world.gateway.ledger) <= set(orders), "the provider has an order that does not exist"
        for order_id, status in orders.items():
            notified = {kind for order, kind in world.topic.published if order == order_id}
            assert notified >= {"received", status.lower()}, (
                f"the customer of {order_id} was notified only of {notified}"
            )

    def _check_stock(self, world: World, records: dict[str, Any]) -> None:
        available = world.available()
        held: Counter[str] = Counter()
        for of_order in records.values():
            step = of_order.get("STEP#inventory")
            if of_order["ORDER"]["status"] == "CONFIRMED":
                assert step, "a confirmed order holds no stock"
                assert step["status"] == "RESERVED", f"a confirmed order's stock is {step['status']}"
            if step and step["status"] == "RESERVED":
                assert _quantities(step) == _quantities(of_order["ORDER"]), (
                    "the reserved quantities are not the ordered ones"
                )
                assert of_order["ORDER"]["status"] != "REJECTED", "a rejected order holds stock"
                held.update({item["productId"]: int(item["quantity"]) for item in step["items"]})
        for product, initial in self.stock.items():
            assert available[product] >= 0, f"{product} was sold twice"
            assert available[product] + held[product] == initial, f"stock of {product} was lost or made"

    def _check_payment(self, world: World, order_id: str, of_order: dict[str, Any]) -> None:
        status = of_order["ORDER"]["status"]
        account = world.gateway.ledger[order_id]
        total = int(of_order["ORDER"]["total"]["amount"])
        recorded = of_order.get("STEP#payment", {}).get("status")
        assert account.amounts <= {total}, f"{order_id} costs {total}, but {account.amounts} was requested"
        if account.captured:
            assert status != "REJECTED", f"{order_id} was charged and rejected"
            assert not account.voided, f"{order_id} was charged and voided"
        if recorded == "VOIDED":
            assert not account.holds_money, f"{order_id} is voided and money is still held"
        if status == "CONFIRMED":
            assert account.captured, f"{order_id} is confirmed and was not charged"
            assert recorded == "CAPTURED", (
                f"{order_id} is confirmed and its payment is recorded as {recorded}"
            )
        if status == "REJECTED":
            assert not account.holds_money, f"{order_id} is rejected and money is still held"

    def _check_settlement(self, order_id: str, of_order: dict[str, Any]) -> None:
        outcome = of_order["ORDER"]["status"], of_order["ORDER"].get("reason", "")
        before = self.settled.get(order_id)
        assert before in {None, outcome}, f"{order_id} was {before} and is now {outcome}"
        if outcome[0] in SETTLED:
            self.settled[order_id] = outcome

    def _check_notifications(self, world: World, order_id: str, of_order: dict[str, Any]) -> None:
        counts = Counter(kind for order, kind in world.topic.published if order == order_id)
        for kind in ("received", "confirmed", "rejected"):
            step = of_order.get(f"STEP#notification#{kind}")
            if step and step["status"] == "SENT":
                first = self.sent.setdefault((order_id, kind), counts[kind])
                assert counts[kind] == first, f"'{kind}' of {order_id} was sent again after it was recorded"
                assert counts[kind] >= 1, f"'{kind}' of {order_id} is recorded as sent and was never sent"

    def _check_announcements(self, world: World, order_id: str, of_order: dict[str, Any]) -> None:
        """A closed order has its announcement and notifications; every announcement is true."""
        order = of_order["ORDER"]
        announced = self._announced(world, order_id)
        assert announced <= {"OrderPlaced", "OrderHeld", _ANNOUNCED_AS.get(order["status"])}, (
            f"{order_id} is {order['status']}, but {announced} was announced"
        )
        customers = {
            event["detail"]["customerId"]
            for event in world.bus.events
            if event["detail"]["orderId"] == order_id
        }
        assert customers <= {order["customerId"]}, f"{order_id} was announced for {customers}"
        if order.get("openKey", "").startswith("WAITING#") and order["status"] == "ON_HOLD":
            assert "OrderHeld" in announced, f"{order_id} is on hold and was not announced"
        if order["status"] in SETTLED and "openKey" not in order:
            assert _ANNOUNCED_AS[order["status"]] in announced, f"{order_id} is closed and was not announced"
            for kind in ("received", order["status"].lower()):
                step = of_order.get(f"STEP#notification#{kind}", {}).get("status")
                parked = f"Notify{kind.capitalize()}" in _parked(world, order_id)
                assert step == "SENT" or parked, (
                    f"{order_id} is closed and its '{kind}' was neither sent nor parked"
                )

    @staticmethod
    def _announced(world: World, order_id: str) -> set[str]:
        published = {
            event["detail-type"] for event in world.bus.events if event["detail"]["orderId"] == order_id
        }
        return published | (_parked(world, order_id) & set(DetailType))

    @staticmethod
    def _check_index(order_id: str, order: dict[str, Any]) -> None:
        status = order["status"]
        kinds = {"PENDING": {"IN_PROGRESS"}, "ON_HOLD": {"IN_PROGRESS", "WAITING"}}
        open_as = order.get("openKey", "").partition("#")[0]
        assert status in SETTLED or open_as in kinds[status], (
            f"{order_id} was accepted, is {status}, and is not in the index of open orders"
        )
        assert ("openKey" in order) == ("openShard" in order), (
            f"{order_id} has only one of the two index keys"
        )


def _quantities(record: dict[str, Any]) -> dict[str, int]:
    return {item["productId"]: int(item["quantity"]) for item in record["items"]}


def _parked(world: World, order_id: str) -> set[str]:
    """Return the steps and events of an order that are on a queue."""
    bodies = [
        json.loads(message.body) for queue in world.queues.queues.values() for message in queue.values()
    ]
    steps = {body["step"] for body in bodies if body.get("orderId") == order_id}
    events = {body["detail-type"] for body in bodies if body.get("detail", {}).get("orderId") == order_id}
    return steps | events
