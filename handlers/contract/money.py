"""Amounts, and the priced lines of an order."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

# The currencies of ISO 4217 whose minor unit is not a hundredth.
_WITHOUT_DECIMALS: Final = frozenset(
    {
        *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW"),
        *("PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"),
    }
)
_WITH_THREE_DECIMALS: Final = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
# In minor units. A client that reads JSON numbers as doubles is exact up to 9,007,199,254,740,991.
# The total of the largest order, 98 lines of 10,000, stays below.
MAX_UNIT_PRICE: Final = 999_999_999


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """`amount` is in the currency's minor unit, e.g. cents."""

    amount: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """`unit_price` is in the currency's minor unit, as it was when the order was placed."""

    product_id: str
    quantity: int
    unit_price: int


def is_unit_price(stored: object) -> bool:
    """Tell whether a number of DynamoDB is a price: whole minor units from 1 to MAX_UNIT_PRICE."""
    return isinstance(stored, Decimal) and 1 <= stored <= MAX_UNIT_PRICE and stored % 1 == 0


def iso_decimals(currency: str) -> int:
    """Return how many decimals the minor unit of ISO 4217 is: 2 for USD, 0 for JPY."""
    if currency in _WITHOUT_DECIMALS:
        return 0
    return 3 if currency in _WITH_THREE_DECIMALS else 2


def format_money(money: Money) -> str:
    """Write an amount with its currency's decimals: `USD 15.30`, `JPY 1530`."""
    digits = iso_decimals(money.currency)
    if digits == 0:
        return f"{money.currency} {money.amount}"
    units, rest = divmod(money.amount, 10**digits)
    return f"{money.currency} {units}.{rest:0{digits}}"
