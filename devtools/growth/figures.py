"""What is measured of an order and of the lists, as values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderUsage:
    """The calls of AWS that an order makes, and the units of DynamoDB that it uses."""

    calls: int
    write_units: float
    read_units: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFigures:
    """A confirmed order of `lines` lines, with `stored` orders in the table. Times are in seconds."""

    stored: int
    lines: int
    usage: OrderUsage
    accept: float
    settle: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFigures:
    """The calls and the read units of something that lists orders, with `stored` orders in the table."""

    what: str
    stored: int
    calls: int
    read_units: float
