"""DynamoDB transactions: conflicts of writes are retried, cancellations are parsed."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from botocore.exceptions import ClientError

from handlers.adapters.aws import error_code, translated
from handlers.adapters.dynamodb import CONDITION_FAILED, Record, failed_conditions, from_item
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
        _raise_if_throttled(error)
        raise
    return {}


def read_together(client: Any, table: str, keys: Sequence[Mapping[str, Any]]) -> list[Record] | None:
    """Read up to 100 items as they are at one moment; an item that does not exist is empty.

    Other reads of several items can see one of them before a transaction and the next one after it. This one
    is refused while a write of one of them is under way: None. Such conflicts are no error for a caller that
    can do something else meanwhile.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-isolation
    """
    try:
        with translated("dynamodb"):
            response = client.transact_get_items(
                TransactItems=[{"Get": {"TableName": table, "Key": key}} for key in keys]
            )
    except ClientError as error:
        if _CONFLICT in _reasons(error):
            return None
        _raise_if_throttled(error)
        raise
    return [from_item(each.get("Item", {})) for each in response["Responses"]]


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


def _raise_if_throttled(error: ClientError) -> None:
    if not _THROTTLED.isdisjoint(_reasons(error)):
        raise DependencyUnavailable("dynamodb: the transaction was throttled") from error


def _reasons(error: ClientError) -> set[str]:
    return {reason["Code"] for reason in error.response.get("CancellationReasons", [])}
