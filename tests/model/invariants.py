"""Rules that hold after every step, also when steps are interrupted, repeated or run at the same time."""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from handlers.contract.names import DetailType
from tests.model.world import World

SETTLED: Final = {"CONFIRMED", "REJECTED", "CANCELLED"}
_ANNOUNCED_AS: Final = {
    "CONFIRMED": "OrderConfirmed",
    "REJECTED": "OrderRejected",
    "CANCELLED": "OrderCancelled",
}
_KINDS: Final = ("received", "confirmed", "rejected", "cancelled")


@dataclass(kw_only=True)
class Invariants:
    """`stock` is the initial stock; the other fields are kept from one check to the next.

    `accepted` and `cancelled` have the orders whose request the API answered with 202.
    """

    stock: dict[str, int]
    accepted: set[str] = field(default_factory=set)
    cancelled: set[str] = field(default_factory=set)
    requested: dict[str, tuple[str, str]] = field(default_factory=dict)
    settled: dict[str, tuple[str, str]] = field(default_factory=dict)
    confirmed: set[str] = field(default_factory=set)
    sent: dict[tuple[str, str], int] = field(default_factory=dict)

    def check(self, world: World) -> None:
        """Raise AssertionError with the broken rule and its order or product."""
        records = world.orders()
        self._check_stock(world, records)
        assert not world.gateway.mistakes, world.gateway.mistakes
        for order_id, of_order in records.items():
            self._check_request(order_id, of_order["ORDER"])
            self._check_payment(world, order_id, of_order)
            self._check_settlement(order_id, of_order)
            self._check_notifications(world, order_id, of_order)
            self._check_last_word(world, order_id)
            self._check_announcements(world, order_id, of_order)
        for order_id in self.accepted:
            self._check_index(order_id, records[order_id]["ORDER"])
        assert self.cancelled <= set(self.requested), "the API accepted a cancellation that is not recorded"

    def check_all_settled(self, world: World) -> None:
        """Raise AssertionError if an order is not settled or a dead letter is left."""
        self.check(world)
        orders = {order_id: of_order["ORDER"]["status"] for order_id, of_order in world.orders().items()}
        open_orders = {order_id: status for order_id, status in orders.items() if status not in SETTLED}
        assert not open_orders, f"these orders are not settled: {open_orders}"
        kept = {order_id for order_id in self.requested if orders[order_id] != "CANCELLED"}
        assert not kept, f"these orders were to be cancelled: {kept}"
        # No redrive deletes what is not about an order: an operator must see that somebody sends such events.
        assert not any(_parked(world, order_id) for order_id in orders), "a dead letter is left"
        not_closed = [
            order_id for order_id, of_order in world.orders().items() if "openKey" in of_order["ORDER"]
        ]
        assert not not_closed, f"these settled orders are still open: {not_closed}"
        assert set(world.gateway.ledger) <= set(orders), "the provider has an order that does not exist"
        for order_id, status in orders.items():
            notified = {kind for order, kind in world.topic.published if order == order_id}
            told = {status.lower()} if status == "CANCELLED" else {"received", status.lower()}
            assert notified >= told, f"the customer of {order_id} was notified only of {notified}"

    def _check_stock(self, world: World, records: dict[str, Any]) -> None:
        assert not world.mistakes, world.mistakes
        counters = world.counters()
        assert not counters.pop(""), "a counter belongs to no product"
        held: Counter[str] = Counter()
        for of_order in records.values():
            order, step = of_order["ORDER"], of_order.get("STEP#inventory")
            if order["status"] == "CONFIRMED" and not _is_cancelling(order):
                assert step, "a confirmed order holds no stock"
                assert step["status"] == "RESERVED", f"a confirmed order's stock is {step['status']}"
            if order["status"] == "CANCELLED":
                assert step, "nothing stops a late reservation of a cancelled order"
                assert step["status"] != "RESERVED", "a cancelled order holds stock"
            if step and step["status"] == "RESERVED":
                assert _quantities(step) == _quantities(order), (
                    "the reserved quantities are not the ordered ones"
                )
                assert order["status"] != "REJECTED", "a rejected order holds stock"
                held.update({item["productId"]: int(item["quantity"]) for item in step["items"]})
                for item in step["items"]:
                    taken = item.get("takenFrom", {"0": item["quantity"]})
                    assert sum(taken.values()) == item["quantity"], f"{item} was not taken whole"
        for product, initial in self.stock.items():
            available = counters[product]
            assert min(available.values()) >= 0, f"{product} was sold twice: {available}"
            assert sum(available.values()) + held[product] == initial, f"stock of {product} was lost or made"

    def _check_request(self, order_id: str, order: dict[str, Any]) -> None:
        """A request is never taken back, and only an order that is cancelled is closed with one."""
        request = order.get("cancelRequestedAt", ""), order.get("cancelReason", "")
        if order_id in self.requested or _is_cancelling(order):
            first = self.requested.setdefault(order_id, request)
            assert request == first, f"the request to cancel {order_id} was {first} and is now {request}"
            assert order["status"] != "REJECTED", f"{order_id} was to be cancelled and is rejected"
            assert order["status"] == "CANCELLED" or "openKey" in order, (
                f"{order_id} is to be cancelled, is {order['status']}, and is closed"
            )
        if order["status"] == "CANCELLED":
            reason = order["reason"]
            assert reason == request[1] != "", f"{order_id} is cancelled because of {reason}"

    def _check_payment(self, world: World, order_id: str, of_order: dict[str, Any]) -> None:
        order = of_order["ORDER"]
        status = order["status"]
        account = world.gateway.ledger[order_id]
        total = int(order["total"]["amount"])
        recorded = of_order.get("STEP#payment", {}).get("status")
        assert account.amounts <= {total}, f"{order_id} costs {total}, but {account.amounts} was requested"
        if account.captured:
            assert status != "REJECTED", f"{order_id} was charged and rejected"
            assert not account.voided, f"{order_id} was charged and voided"
        if account.refunded:
            assert account.captured, f"{order_id} was refunded and not charged"
            assert _is_cancelling(order), f"{order_id} was refunded, and nobody asked to cancel it"
        if recorded == "VOIDED":
            assert not account.holds_money, f"{order_id} is voided and money is still held"
            assert not account.captured, f"{order_id} was charged and its payment is recorded as VOIDED"
        if recorded == "REFUNDED":
            assert account.refunded, f"{order_id} is recorded as refunded and was not"
        if status == "CONFIRMED":
            assert account.captured, f"{order_id} is confirmed and was not charged"
            allowed = {"CAPTURED", "REFUNDED"} if _is_cancelling(order) else {"CAPTURED"}
            assert recorded in allowed, f"{order_id} is confirmed and its payment is recorded as {recorded}"
        if status == "REJECTED":
            assert not account.holds_money, f"{order_id} is rejected and money is still held"
        if status == "CANCELLED":
            assert account.captured == account.refunded, f"{order_id} is cancelled and the money is kept"
            assert account.voided or account.refunded or recorded == "DECLINED", (
                f"{order_id} is cancelled, and nothing stops a late authorisation"
            )
            wanted = {"REFUNDED"} if account.captured else {"VOIDED", "DECLINED"}
            assert recorded in wanted, f"{order_id} is cancelled and its payment is recorded as {recorded}"

    def _check_settlement(self, order_id: str, of_order: dict[str, Any]) -> None:
        """A settled order stays as it is, but a confirmed one may be cancelled."""
        order = of_order["ORDER"]
        outcome = order["status"], order.get("reason", "")
        before = self.settled.get(order_id)
        if before not in {None, outcome}:
            assert before is not None
            assert before[0] == "CONFIRMED", f"{order_id} was {before} and is now {outcome}"
            assert _is_cancelling(order), f"{order_id} was {before} and is now {outcome}"
        if outcome[0] in SETTLED:
            self.settled[order_id] = outcome
        if outcome[0] == "CONFIRMED":
            self.confirmed.add(order_id)

    def _check_notifications(self, world: World, order_id: str, of_order: dict[str, Any]) -> None:
        counts = Counter(kind for order, kind in world.topic.published if order == order_id)
        for kind in _KINDS:
            step = of_order.get(f"STEP#notification#{kind}")
            if step and step["status"] == "SENT":
                first = self.sent.setdefault((order_id, kind), counts[kind])
                assert counts[kind] == first, f"'{kind}' of {order_id} was sent again after it was recorded"
                assert counts[kind] >= 1, f"'{kind}' of {order_id} is recorded as sent and was never sent"
        was_confirmed = order_id in self.confirmed or "OrderConfirmed" in self._announced(world, order_id)
        assert was_confirmed or not counts["confirmed"], f"'confirmed' of {order_id} was sent and is not true"

    @staticmethod
    def _check_last_word(world: World, order_id: str) -> None:
        """Nothing else is sent after "cancelled", and nothing new is announced after OrderCancelled.

        An outcome that was announced before can be announced again: announcements are at-least-once. A hold
        that was recorded just before the request can be announced after it, but no redrive does that.
        """
        kinds = [kind for order, kind in world.topic.published if order == order_id]
        if "cancelled" in kinds:
            last = set(kinds[kinds.index("cancelled") :])
            assert last == {"cancelled"}, f"the customer of {order_id} was told {last} after the cancellation"
        announced = [
            event["detail-type"]
            for position, event in enumerate(world.bus.events)
            if event["detail"]["orderId"] == order_id
            and position not in world.late
            and not (event["detail-type"] == "OrderHeld" and position in world.unredriven)
        ]
        if "OrderCancelled" in announced:
            position = announced.index("OrderCancelled")
            news = set(announced[position:]) - set(announced[:position]) - {"OrderCancelled"}
            news -= {each.value for each in DetailType if each.starts_workflow}
            assert not news, f"{news} of {order_id} was announced after OrderCancelled"

    def _check_announcements(self, world: World, order_id: str, of_order: dict[str, Any]) -> None:
        """A closed order has its announcement and notifications; every announcement is true."""
        order = of_order["ORDER"]
        announced = self._announced(world, order_id)
        true = {"OrderPlaced", "OrderHeld", _ANNOUNCED_AS.get(order["status"])}
        if _is_cancelling(order):
            true |= {"OrderCancellationRequested"}
            true |= {"OrderConfirmed"} if world.gateway.ledger[order_id].captured else set()
        assert announced <= true, f"{order_id} is {order['status']}, but {announced} was announced"
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
            self._check_told(world, order_id, of_order)

    @staticmethod
    def _check_told(world: World, order_id: str, of_order: dict[str, Any]) -> None:
        status = of_order["ORDER"]["status"]
        steps = {kind: of_order.get(f"STEP#notification#{kind}", {}).get("status") for kind in _KINDS}
        wanted = {"cancelled"} if status == "CANCELLED" else {"received", status.lower()}
        for kind in wanted:
            parked = f"Notify{kind.capitalize()}" in _parked(world, order_id)
            assert steps[kind] == "SENT" or parked, (
                f"{order_id} is closed and its '{kind}' was neither sent nor parked"
            )
        if steps["cancelled"] == "SENT":
            assert set(steps.values()) <= {"SENT", "SKIPPED"}, (
                f"'cancelled' of {order_id} was sent, and another notification can still come: {steps}"
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
        if _is_cancelling(order):
            kinds["CONFIRMED"] = {"IN_PROGRESS"}
        open_as = order.get("openKey", "").partition("#")[0]
        assert status not in kinds or open_as in kinds[status], (
            f"{order_id} was accepted, is {status}, and is not in the index of open orders"
        )
        assert ("openKey" in order) == ("openShard" in order), (
            f"{order_id} has only one of the two index keys"
        )


def _is_cancelling(order: dict[str, Any]) -> bool:
    return "cancelRequestedAt" in order


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
