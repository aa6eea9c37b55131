"""What the inventory service records for an order."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from handlers.contract.names import InventoryStatus


class InventoryOperation(StrEnum):
    """A step of the order and its compensation."""

    RESERVE = "reserve"
    RELEASE = "release"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What an order has taken from one counter of a product."""

    counter: int
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservedItem:
    """The quantity of a product that an order has taken; without `shares`, all of it from counter 0."""

    product_id: str
    quantity: int
    shares: tuple[Share, ...] = ()

    def taken(self) -> tuple[Share, ...]:
        """Return what was taken from which counter."""
        return self.shares or (Share(counter=0, quantity=self.quantity),)


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryStep:
    """The recorded decision: the `items` of a reservation, or the `short_products` of a refusal."""

    order_id: str
    status: InventoryStatus
    at: str
    execution_arn: str
    items: tuple[ReservedItem, ...] = ()
    short_products: tuple[str, ...] = ()


def reserved(*, order_id: str, items: Iterable[ReservedItem], at: str, execution_arn: str) -> InventoryStep:
    return InventoryStep(
        order_id=order_id,
        status=InventoryStatus.RESERVED,
        at=at,
        execution_arn=execution_arn,
        items=tuple(items),
    )


def out_of_stock(wanted: InventoryStep, short_products: Iterable[str]) -> InventoryStep:
    return InventoryStep(
        order_id=wanted.order_id,
        status=InventoryStatus.OUT_OF_STOCK,
        at=wanted.at,
        execution_arn=wanted.execution_arn,
        short_products=tuple(short_products),
    )


def released(*, order_id: str, at: str, execution_arn: str) -> InventoryStep:
    return InventoryStep(
        order_id=order_id, status=InventoryStatus.RELEASED, at=at, execution_arn=execution_arn
    )
