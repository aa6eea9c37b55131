"""The calls that the local cloud notes: which belong to an order, and what DynamoDB charges for them."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import Any, Final

from devtools.cost.aws_names import AwsNames
from devtools.cost.capacity import Index, Item, index_write_units, query_units, read_units, write_units

# Who calls: a function by its service, and these two.
WORKFLOW: Final = "workflow"
OPERATOR: Final = "operator"

_WRITES: Final = frozenset({"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"})
# A request of SQS, SNS and EventBridge costs as much as one for each 64 KB.
_CHUNK_BYTES: Final = 64 * 1024
# What PutEvents adds for the time: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
_TIME_BYTES: Final = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """The tables of the app: what each is called here, and its indexes. `callers` are roles' sessions."""

    called: Mapping[str, str]
    indexes: Mapping[str, tuple[Index, ...]]


@dataclass(slots=True, kw_only=True)
class Units:
    """What the calls of an order used. Numbers of units, or of chunks of 64 KB."""

    calls: dict[str, Counter[str]] = field(default_factory=dict)
    writes: Counter[str] = field(default_factory=Counter)
    reads: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    publishes: int = 0
    queue_requests: int = 0
    changes: list[tuple[Item | None, Item]] = field(default_factory=list)


@contextmanager
def noting(file: Path) -> Iterator[None]:
    """Let the local cloud note its calls while the block runs."""
    file.touch(mode=0o600)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def read_notes(file: Path, names: AwsNames) -> list[dict[str, Any]]:
    """Return what was noted, with the names of AWS: they are part of the items."""
    return [json.loads(names.text(line)) for line in file.read_text().splitlines()]


def notes_of(notes: Iterable[Mapping[str, Any]], terms: Collection[str]) -> list[Mapping[str, Any]]:
    """Return the calls that name one of the terms, and the deletions of messages that such a call received.

    Only what the app itself reads is counted: an operator's command may read an order as often as it likes.
    """
    found = []
    handles: set[str] = set()
    for note in notes:
        text = json.dumps(note)
        named = any(term in text for term in terms) or any(handle in text for handle in handles)
        if not named or (_is_read(note) and "assumed-role" not in note["caller"]):
            continue
        found.append(note)
        if note["operation"] == "ReceiveMessage":
            messages = json.loads(note["response"]).get("Messages", [])
            handles |= {m["ReceiptHandle"] for m in messages if any(term in m["Body"] for term in terms)}
    return found


def units_of(notes: Iterable[Mapping[str, Any]], tables: Tables, caller_of: Callable[[str], str]) -> Units:
    """Add up what the calls used. `caller_of` takes the ARN of a caller."""
    units = Units()
    for note in notes:
        caller, operation = caller_of(note["caller"]), note["operation"]
        units.calls.setdefault(caller, Counter())[f"{note['service']}:{operation}"] += 1
        match note["service"]:
            case "dynamodb" if operation in _WRITES:
                _count_writes(units, note, tables)
            case "dynamodb":
                _count_reads(units, note, tables)
            case "events":
                for entry in note["request"]["Entries"]:
                    units.events[entry["DetailType"]] += chunks(event_bytes(entry))
            case "sns":
                units.publishes += chunks(len(note["request"]["Message"].encode()))
            case "sqs":
                units.queue_requests += chunks(len(json.dumps(note["request"]).encode()))
    return units


def event_bytes(entry: Mapping[str, Any]) -> int:
    """Return the size of an entry of PutEvents, as it is billed."""
    return _TIME_BYTES + sum(len(str(entry[name]).encode()) for name in ("Source", "DetailType", "Detail"))


def chunks(size: int) -> int:
    """Return how many chunks of 64 KB are billed."""
    return max(1, ceil(size / _CHUNK_BYTES))


def _is_read(note: Mapping[str, Any]) -> bool:
    return note["service"] == "dynamodb" and note["operation"] not in _WRITES


def _count_writes(units: Units, note: Mapping[str, Any], tables: Tables) -> None:
    transaction = note["operation"] == "TransactWriteItems"
    for each in note["items"]:
        name = tables.called[each["table"]]
        before, after = each["before"], each["after"]
        # When the condition fails, the item is the same before and after: it is charged all the same.
        units.writes[name] += write_units(before, after, transaction=transaction)
        for index in tables.indexes[name]:
            if written := index_write_units(index, before, after):
                units.writes[index.name] += written
        if after and after != before:
            units.changes.append((before, after))


def _count_reads(units: Units, note: Mapping[str, Any], tables: Tables) -> None:
    request = note["request"]
    if note["operation"] == "Query":
        items = json.loads(note["response"])["Items"]
        name = request.get("IndexName") or tables.called[request["TableName"]]
        units.reads[name] += query_units(items, consistent=request.get("ConsistentRead", False))  # type: ignore[assignment]  # half units
        return
    for each in note["items"]:
        wanted = request.get("RequestItems", {}).get(each["table"], request)
        consistent = wanted.get("ConsistentRead", False)
        units.reads[tables.called[each["table"]]] += read_units(each["before"], consistent=consistent)  # type: ignore[assignment]  # half units
