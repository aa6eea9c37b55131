"""DynamoDB writes that meet other transactions: conflicts are retried, cancellations are read."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from botocore.exceptions import ClientError

from handlers.adapters.aws import error_code, translated
from handlers.adapters.time_budget import TimeBudget
from handlers.domain.errors import DependencyUnavailable

Answer = TypeVar("Answer")

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
_CONFLICT: Final = "TransactionConflict"
_CONDITION_FAILED: Final = "ConditionalCheckFailed"
_THROTTLED: Final = frozenset({"ProvisionedThroughputExceeded", "ThrottlingError"})


def transact(
    client: Any, actions: Sequence[Mapping[str, Any]], budget: TimeBudget
) -> Mapping[int, Mapping[str, Any]]:
    """Make all the writes or none of them.

    Return nothing when they were made; else, by the position of each action whose condition failed,
    the item that it met (empty when there was none, or when the action did not ask for it).
    """
    try:
        retry_conflicts(lambda: client.transact_write_items(TransactItems=actions), budget)
    except ClientError as error:
        failed = _failed_conditions(error)
        if failed:
            return failed
        if not _THROTTLED.isdisjoint(_reasons(error)):
            raise DependencyUnavailable("dynamodb: the transaction was throttled") from error
        raise
    return {}


def retry_conflicts(write: Callable[[], Answer], budget: TimeBudget) -> Answer:
    """Repeat a write that another transaction is in the way of; raises DependencyUnavailable in the end."""
    with translated("dynamodb"):
        for _ in budget.tries():
            try:
                return write()
            except ClientError as error:
                if not _is_conflict(error):
                    raise
    raise DependencyUnavailable(f"dynamodb: {_CONFLICT}")


def _is_conflict(error: ClientError) -> bool:
    """Tell whether only another transaction was in the way: a condition that failed is an answer already."""
    reasons = _reasons(error)
    return error_code(error) == f"{_CONFLICT}Exception" or (
        _CONFLICT in reasons and _CONDITION_FAILED not in reasons
    )


def _failed_conditions(error: ClientError) -> dict[int, Mapping[str, Any]]:
    return {
        position: reason.get("Item", {})
        for position, reason in enumerate(error.response.get("CancellationReasons", []))
        if reason["Code"] == _CONDITION_FAILED
    }


def _reasons(error: ClientError) -> set[str]:
    return {reason["Code"] for reason in error.response.get("CancellationReasons", [])}
