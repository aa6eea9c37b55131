"""What one order uses of AWS, as `make bench-cost` measured it on a local cloud: measured.json."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self

MEASURED_FILE: Final = Path(__file__).parent / "measured.json"

# The logs that are no function's.
EXECUTION_LOG: Final = "execution"
ACCESS_LOG: Final = "access"

Counts = Mapping[str, float]
Executions = tuple[tuple[tuple[tuple[str, ...], ...], ...], ...]


class Outcome(StrEnum):
    """How a measured order ended. HELD was held for an outage of payments, and then redriven and confirmed.

    CANCELLED was confirmed before, and its customer cancelled it.
    """

    CONFIRMED = "confirmed"
    OUT_OF_STOCK = "out of stock"
    DECLINED = "declined"
    HELD = "held, redriven"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one order used. Counts are the same in each run; bytes differ a little.

    The metrics function is counted as if each change of the order came alone; its log is that of one batch.

    An execution has stages one after the other; a stage has branches side by side; a branch has the functions
    and services that it calls, and "wait SECONDS", one after the other.
    """

    api_requests: int = 0
    invocations: Counts
    calls: Mapping[str, Counts]
    write_units: Counts = field(default_factory=dict)
    read_units: Counts
    events: Counts = field(default_factory=dict)
    publishes: int = 0
    queue_requests: int = 0
    states: int = 0
    log_events: Counts
    executions: Executions = ()
    log_bytes: Counts
    execution_log_without_data: int = 0
    event_bytes: int = 0
    stored_bytes: int = 0

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Self:
        """Parse a case of the file."""
        counts, sizes = found["counts"], found["sizes"]
        return cls(
            api_requests=counts["apiRequests"],
            invocations=counts["invocations"],
            calls=counts["calls"],
            write_units=counts["writeUnits"],
            read_units=counts["readUnits"],
            events=counts["events"],
            publishes=counts["publishes"],
            queue_requests=counts["queueRequests"],
            states=counts["states"],
            log_events=counts["logEvents"],
            executions=tuple(
                tuple(tuple(tuple(branch) for branch in stage) for stage in execution)
                for execution in counts["executions"]
            ),
            log_bytes=sizes["logs"],
            execution_log_without_data=sizes["executionLogWithoutData"],
            event_bytes=sizes["events"],
            stored_bytes=sizes["stored"],
        )

    def to_json(self) -> dict[str, Any]:
        """Write what `from_json` parses."""
        return {
            "counts": {
                "apiRequests": self.api_requests,
                "invocations": self.invocations,
                "calls": self.calls,
                "writeUnits": self.write_units,
                "readUnits": self.read_units,
                "events": self.events,
                "publishes": self.publishes,
                "queueRequests": self.queue_requests,
                "states": self.states,
                "logEvents": self.log_events,
                "executions": self.executions,
            },
            "sizes": {
                "logs": self.log_bytes,
                "executionLogWithoutData": self.execution_log_without_data,
                "events": self.event_bytes,
                "stored": self.stored_bytes,
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The whole file. `definition_bytes` is the size of the state machine, `sweep` what one sweep uses."""

    date: str
    engine: str
    definition_bytes: int
    memory_megabytes: int
    sweep: Usage
    cases: Mapping[tuple[Outcome, int], Usage]

    @property
    def lines(self) -> list[int]:
        """Return for which numbers of lines orders were measured."""
        return sorted({lines for _, lines in self.cases})

    def of(self, outcome: Outcome, lines: int) -> Usage:
        """Return what one order used."""
        return self.cases[outcome, lines]

    @classmethod
    def read(cls, file: Path = MEASURED_FILE) -> Self:
        """Read the file."""
        found = json.loads(file.read_text(encoding="utf-8"))
        return cls(
            date=found["date"],
            engine=found["engine"],
            definition_bytes=found["definitionBytes"],
            memory_megabytes=found["memoryMegabytes"],
            sweep=Usage.from_json(found["sweep"]),
            cases={
                (Outcome(case["outcome"]), case["lines"]): Usage.from_json(case) for case in found["cases"]
            },
        )

    def write(self, file: Path = MEASURED_FILE) -> None:
        """Write the file."""
        document = {
            "date": self.date,
            "engine": self.engine,
            "definitionBytes": self.definition_bytes,
            "memoryMegabytes": self.memory_megabytes,
            "sweep": self.sweep.to_json(),
            "cases": [
                {"outcome": outcome.value, "lines": lines, **usage.to_json()}
                for (outcome, lines), usage in self.cases.items()
            ],
        }
        file.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
