"""DynamoDB transactions: conflicts with other transactions are retried, cancellations are parsed."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from botocore.exceptions import ClientError

from handlers.adapters.aws import error_code, translated
from handlers.adapters.dynamodb import CONDITION_FAILED, Record, failed_conditions
from handlers.adapters.time_budget import TimeBudget
from handlers.domain.errors import DependencyUnavailable

Response = TypeVar("Response")

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
_CONFLICT: Final = "TransactionConflict"
_THROTTLED: Final = frozenset({"ProvisionedThroughputExceeded", "ThrottlingError"})


def transact(client: Any, actions: Sequence[Mapping[str, Any]], budget: TimeBudget) -> dict[int, Record]:
    """Make all the writes or none of them.

    Return nothing when they were made. Otherwise return, by the position of each action whose condition
    failed, the record in the table (empty when there is none, or when the action did not ask for it).
    """
    try:
        retry_conflicts(lambda: client.transact_write_items(TransactItems=actions), budget)
    except ClientError as error:
        failed = failed_conditions(error)
        if failed:
            return failed
        if not _THROTTLED.isdisjoint(_reasons(error)):
            raise DependencyUnavailable("dynamodb: the transaction was throttled") from error
        raise
    return {}


def retry_conflicts(write: Callable[[], Response], budget: TimeBudget) -> Response:
    """Retry a write that conflicts with another transaction; raises DependencyUnavailable in the end."""
    with translated("dynamodb"):
        for _ in budget.attempts():
            try:
                return write()
            except ClientError as error:
                if not _is_conflict(error):
                    raise
    raise DependencyUnavailable(f"dynamodb: {_CONFLICT}")


def _is_conflict(error: ClientError) -> bool:
    """Tell whether only a conflict stopped it; a failed condition is a result, not a conflict."""
    reasons = _reasons(error)
    return error_code(error) == f"{_CONFLICT}Exception" or (
        _CONFLICT in reasons and CONDITION_FAILED not in reasons
    )


def _reasons(error: ClientError) -> set[str]:
    return {reason["Code"] for reason in error.response.get("CancellationReasons", [])}
