"""The price list of AWS and what is stated instead of measured: prices.json, the one place for both."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Self

PRICES_FILE: Final = Path(__file__).parent / "prices.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars for so many units. The price of the first tier, without free allowances."""

    name: str
    dollars: float
    per: float
    unit: str
    source: str

    def of(self, quantity: float) -> float:
        """Return the dollars for a quantity."""
        return quantity * self.dollars / self.per


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A value that can't be measured here, with the reason for it. A table has one value for each name."""

    name: str
    value: float | Mapping[str, float]
    unit: str
    reason: str

    @property
    def number(self) -> float:
        """Return the value, which is one number."""
        if isinstance(self.value, Mapping):
            raise TypeError(f"{self.name} has many values")
        return self.value

    def number_of(self, key: str) -> float:
        """Return one of the values."""
        if not isinstance(self.value, Mapping):
            raise TypeError(f"{self.name} has one value")
        return self.value[key]


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """All prices of a Region at a date (YYYY-MM)."""

    region: str
    architecture: str
    date: str
    prices: Mapping[str, Price]
    stated: Mapping[str, Stated]

    def dollars(self, name: str, quantity: float) -> float:
        """Return the dollars for a quantity of something with a price."""
        return self.prices[name].of(quantity)

    def number(self, name: str) -> float:
        """Return a stated number."""
        return self.stated[name].number

    @classmethod
    def read(cls, file: Path = PRICES_FILE) -> Self:
        """Read the file."""
        found = json.loads(file.read_text(encoding="utf-8"))
        return cls(
            region=found["region"],
            architecture=found["architecture"],
            date=found["date"],
            prices={name: Price(name=name, **each) for name, each in found["prices"].items()},
            stated={name: Stated(name=name, **each) for name, each in found["stated"].items()},
        )


@cache
def price_list() -> PriceList:
    """Return the price list of this version."""
    return PriceList.read()
