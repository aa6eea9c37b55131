"""What a confirmed order takes of each limited resource, step by step."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from devtools.scaling.quotas import quotas
from orderctl.cost.price_list import price_list


class Resource(StrEnum):
    """What is limited. EXECUTIONS are counted at one moment, the others in a second."""

    REQUESTS = "API requests"
    INVOCATIONS = "function invocations"
    EXECUTIONS = "function executions at once"
    STRIPE_CREATE = "Stripe: create"
    STRIPE_CAPTURE = "Stripe: capture"
    STRIPE_ALL = "Stripe: all requests"
    ORDERS_WRITES = "Orders: write units"
    ORDERS_READS = "Orders: read units"
    OPEN_INDEX_WRITES = "open-orders: write units"
    CUSTOMER_INDEX_WRITES = "customer-orders: write units"
    INVENTORY_WRITES = "Inventory: write units"
    INVENTORY_READS = "Inventory: read units"
    EVENTS = "PutEvents"
    DELIVERIES = "EventBridge deliveries"
    STARTS = "StartExecution"
    PUBLISHES = "SNS messages"


Units = Mapping[Resource, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A task: how long it takes, and what it takes. One of a function has an execution of it meanwhile."""

    name: str
    seconds: float
    units: Units = field(default_factory=dict)
    is_function: bool = False

    @property
    def decides(self) -> bool:
        """Tell whether the order is on hold, or left to the sweeper, when it fails; else it goes on."""
        return self.name in {"ReserveInventory", "AuthorizePayment", "CapturePayment", "ConfirmOrder"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPath:
    """The request, the delivery of its event, and stages one after the other with branches side by side."""

    request: Step
    delivery: Step
    stages: tuple[tuple[Step, ...], ...]

    def steps(self) -> Iterator[Step]:
        """Yield every step."""
        yield from (self.request, self.delivery)
        for stage in self.stages:
            yield from stage

    def units(self) -> dict[Resource, float]:
        """Return what an order takes of each resource; of EXECUTIONS, the seconds that it has one."""
        taken = dict.fromkeys(Resource, 0.0)
        for step in self.steps():
            for resource, units in step.units.items():
                taken[resource] += units
            if step.is_function:
                taken[Resource.INVOCATIONS] += 1
                taken[Resource.EXECUTIONS] += step.seconds
        return taken


def order_path(*, lines: int = 1, stripe: bool = False) -> OrderPath:
    """Return the path of a confirmed order with so many lines.

    Milliseconds are those of orderctl/cost/prices.json. A test compares the units with those that
    `make bench-cost` counted.
    """
    provider: Units = {Resource.STRIPE_ALL: 1} if stripe else {}
    return OrderPath(
        request=_function(
            "orders",
            ["dynamodb:BatchGetItem", "dynamodb:PutItem", "events:PutEvents"],
            {
                Resource.REQUESTS: 1,
                Resource.INVENTORY_READS: lines * EVENTUAL_READ,
                Resource.ORDERS_WRITES: 1,
                Resource.OPEN_INDEX_WRITES: 1,
                Resource.CUSTOMER_INDEX_WRITES: 1,
                Resource.EVENTS: 1,
            },
        ),
        delivery=Step(
            name="delivery",
            seconds=quotas().assumed("deliveryMillis") / 1000,
            units={Resource.DELIVERIES: quotas().assumed("deliveriesPerOrder"), Resource.STARTS: 1},
        ),
        stages=(
            (
                _function(
                    "ReserveInventory",
                    ["dynamodb:GetItem", "dynamodb:TransactWriteItems"],
                    {
                        Resource.ORDERS_READS: 1,
                        Resource.ORDERS_WRITES: TRANSACTION_WRITE,
                        Resource.INVENTORY_WRITES: lines * TRANSACTION_WRITE,
                    },
                ),
                _function(
                    "AuthorizePayment",
                    ["dynamodb:Query", "dynamodb:PutItem"],
                    {
                        Resource.ORDERS_READS: 1,
                        Resource.ORDERS_WRITES: 1,
                        **({Resource.STRIPE_CREATE: 1, **provider} if stripe else {}),
                    },
                    asks_provider=stripe,
                ),
                _notification("NotifyReceived"),
            ),
            (
                _function(
                    "CapturePayment",
                    ["dynamodb:Query", "dynamodb:UpdateItem"],
                    {
                        Resource.ORDERS_READS: 1,
                        Resource.ORDERS_WRITES: 1,
                        **({Resource.STRIPE_CAPTURE: 1, **provider} if stripe else {}),
                    },
                    asks_provider=stripe,
                ),
            ),
            (
                _service(
                    "ConfirmOrder",
                    "dynamodb",
                    {
                        Resource.ORDERS_WRITES: 1,
                        Resource.OPEN_INDEX_WRITES: 2,
                        Resource.CUSTOMER_INDEX_WRITES: 1,
                    },
                ),
            ),
            (_service("AnnounceConfirmed", "events", {Resource.EVENTS: 1}),),
            (_notification("NotifyConfirmed"),),
            (_service("CloseOrder", "dynamodb", {Resource.ORDERS_WRITES: 1, Resource.OPEN_INDEX_WRITES: 1}),),
        ),
    )


# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
EVENTUAL_READ: Final = 0.5
TRANSACTION_WRITE: Final = 2
TRANSACTION_READ: Final = 2


def _notification(name: str) -> Step:
    return _function(
        name,
        ["dynamodb:GetItem", "dynamodb:UpdateItem", "sns:Publish", "dynamodb:UpdateItem"],
        {Resource.ORDERS_READS: 1, Resource.ORDERS_WRITES: 2, Resource.PUBLISHES: 1},
    )


def _function(name: str, calls: Iterable[str], units: Units, *, asks_provider: bool = False) -> Step:
    stated = price_list().stated
    millis = stated["functionMillis"].number + sum(stated["callMillis"].number_of(call) for call in calls)
    if asks_provider:
        millis += stated["stripeMillis"].number
    return Step(name=name, seconds=millis / 1000, units=units, is_function=True)


def _service(name: str, service: str, units: Units) -> Step:
    return Step(name=name, seconds=price_list().stated["taskMillis"].number_of(service) / 1000, units=units)
