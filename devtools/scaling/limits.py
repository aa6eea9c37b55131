"""The limits of a stage by the closed formula: what a second has, divided by what an order takes."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from devtools.scaling.order_path import OrderPath, Resource
from devtools.scaling.quotas import Quota, quotas
from handlers.contract.names import (
    CUSTOMER_ORDERS_INDEX,
    OPEN_INDEX_WRITES_PER_ORDER,
    OPEN_ORDERS_INDEX,
    OPEN_SHARDS,
    Stage,
    orders_per_second,
)

# What infrastructure/ sets: a test compares them.
REQUESTS_PER_DAY: Final = 100_000
PREWARMED_LINES: Final = 5
_WARM_WRITES: Final = "`MAX_ORDERS_PER_SECOND`, or half an hour of traffic"
_WARM_READS: Final = "half an hour of traffic, or `read_units_per_second` in `infrastructure/storage.py`"
_OURS: Final = "`MAX_ORDERS_PER_SECOND` in `handlers/contract/names.py`"


class Kind(StrEnum):
    """Who set a limit."""

    OURS = "this app"
    ACCOUNT = "quota"
    WARM = "DynamoDB, adapts"
    PROVIDER = "Stripe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """`per_second` units of a resource (of EXECUTIONS: at once); `burst` is how many are saved up."""

    name: str
    resource: Resource
    per_second: float
    kind: Kind
    raised_by: str
    burst: float

    def orders_per_second(self, path: OrderPath) -> float:
        """Return the rate of orders at which it binds."""
        return self.per_second / path.units()[self.resource]


def limits(stage: str = Stage.PROD) -> list[Limit]:
    """Return all limits of a stage with the default quotas."""
    return [*_front(stage), *_functions(), *_events(), *_tables(stage), *_provider()]


def binding(path: OrderPath, stage: str = Stage.PROD) -> list[Limit]:
    """Return the limits that an order meets, the first to bind first."""
    met = [limit for limit in limits(stage) if path.units()[limit.resource]]
    return sorted(met, key=lambda limit: limit.orders_per_second(path))


def _front(stage: str) -> Iterator[Limit]:
    rate = orders_per_second(stage)
    yield Limit(
        name="rate of the API key",
        resource=Resource.REQUESTS,
        per_second=rate,
        kind=Kind.OURS,
        raised_by=_OURS,
        burst=2 * rate,
    )
    yield _account("API Gateway, all APIs", Resource.REQUESTS, "apiRate", quotas().value("apiBurst"))


def _functions() -> Iterator[Limit]:
    concurrency = quotas().value("lambdaConcurrency")
    requests = concurrency * quotas().value("lambdaRequestsPerConcurrency")
    quota = quotas().quotas["lambdaConcurrency"]
    yield _limit("Lambda, requests a second", Resource.INVOCATIONS, requests, quota, requests / 10)
    yield _limit("Lambda, executions at once", Resource.EXECUTIONS, concurrency, quota, 0)


def _events() -> Iterator[Limit]:
    yield _account("EventBridge, PutEvents", Resource.EVENTS, "putEvents")
    yield _account("EventBridge, deliveries", Resource.DELIVERIES, "eventInvocations")
    yield _account(
        "Step Functions, StartExecution", Resource.STARTS, "startRate", quotas().value("startBurst")
    )
    yield _account("SNS, Publish", Resource.PUBLISHES, "publishes")


def _tables(stage: str) -> Iterator[Limit]:
    warmed = orders_per_second(stage) if stage == Stage.PROD else 0
    for name, resource, per_order in (
        ("Orders", Resource.ORDERS_WRITES, 11),
        (OPEN_ORDERS_INDEX, Resource.OPEN_INDEX_WRITES, OPEN_INDEX_WRITES_PER_ORDER),
        (CUSTOMER_ORDERS_INDEX, Resource.CUSTOMER_INDEX_WRITES, 2),
        ("Inventory", Resource.INVENTORY_WRITES, 2 * PREWARMED_LINES),
    ):
        warm = max(warmed * per_order, quotas().value("newTableWrites"))
        yield _warm(f"{name}, warm writes", resource, warm, _WARM_WRITES)
        yield _account(f"{name}, writes", resource, "tableWrites")
    for name, resource in (("Orders", Resource.ORDERS_READS), ("Inventory", Resource.INVENTORY_READS)):
        yield _warm(f"{name}, warm reads", resource, quotas().value("newTableReads"), _WARM_READS)
        yield _account(f"{name}, reads", resource, "tableReads")
    yield Limit(
        name=f"{OPEN_ORDERS_INDEX}, its {OPEN_SHARDS} partition keys",
        resource=Resource.OPEN_INDEX_WRITES,
        per_second=OPEN_SHARDS * quotas().value("partitionWrites"),
        kind=Kind.OURS,
        raised_by=_OURS,
        burst=0,
    )


def _provider() -> Iterator[Limit]:
    for resource, quota in (
        (Resource.STRIPE_CREATE, "stripeEndpoint"),
        (Resource.STRIPE_CAPTURE, "stripeEndpoint"),
        (Resource.STRIPE_ALL, "stripeAccount"),
    ):
        found = quotas().quotas[quota]
        yield Limit(
            name=resource.value,
            resource=resource,
            per_second=found.value,
            kind=Kind.PROVIDER,
            raised_by=found.console,
            burst=0,
        )


def _warm(name: str, resource: Resource, per_second: float, raised_by: str) -> Limit:
    return Limit(
        name=name,
        resource=resource,
        per_second=per_second,
        kind=Kind.WARM,
        raised_by=raised_by,
        burst=per_second,
    )


def _account(name: str, resource: Resource, quota: str, burst: float = 0) -> Limit:
    found = quotas().quotas[quota]
    return _limit(name, resource, found.value, found, burst or found.value)


def _limit(name: str, resource: Resource, per_second: float, quota: Quota, burst: float) -> Limit:
    return Limit(
        name=name,
        resource=resource,
        per_second=per_second,
        kind=Kind.ACCOUNT,
        raised_by=quota.console,
        burst=burst,
    )
