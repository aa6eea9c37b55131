"""The quotas of AWS with their sources, and what is stated because nobody publishes it: quotas.json."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Self

QUOTAS_FILE: Final = Path(__file__).parent / "quotas.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A default of AWS, and where more is asked for; empty: it can't be raised."""

    name: str
    value: float
    unit: str
    console: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """A value that nobody publishes, with its reason, and others that are tried too."""

    name: str
    value: float
    others: tuple[float, ...]
    unit: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """All quotas of a Region at a date (YYYY-MM)."""

    region: str
    date: str
    quotas: Mapping[str, Quota]
    stated: Mapping[str, Assumption]

    def value(self, name: str) -> float:
        """Return the default of a quota."""
        return self.quotas[name].value

    def assumed(self, name: str) -> float:
        """Return a stated value."""
        return self.stated[name].value

    @classmethod
    def read(cls, file: Path = QUOTAS_FILE) -> Self:
        """Read the file."""
        found = json.loads(file.read_text(encoding="utf-8"))
        return cls(
            region=found["region"],
            date=found["date"],
            quotas={name: Quota(name=name, **each) for name, each in found["quotas"].items()},
            stated={
                name: Assumption(name=name, **{**each, "others": tuple(each["others"])})
                for name, each in found["stated"].items()
            },
        )


@cache
def quotas() -> Quotas:
    """Return the file of the project."""
    return Quotas.read()
