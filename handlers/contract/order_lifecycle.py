"""Every write that moves an order through its life: what it changes, and on which condition.

docs/order-lifecycle.md explains the protocol. Tests hold its table and the state machine against this module.
Times are RFC 3339 UTC with milliseconds, so that text sorts as time. Those of Step Functions are without a
fraction that is zero: `redrivenAt`, which is compared with one of them, is a whole second without its zone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from handlers.contract.names import CancelReason, OpenKind, OrderStatus, open_key, open_shard

ToItem = Callable[[Mapping[str, Any]], dict[str, Any]]
"""Turns plain values into DynamoDB attributes."""

# An order that is stored already keeps its record.
NOT_STORED: Final = "attribute_not_exists(orderId)"

_SETTLED: Final = "#status IN (:confirmed, :rejected, :cancelled)"
_SETTLED_VALUES: Final = {
    ":confirmed": OrderStatus.CONFIRMED.value,
    ":rejected": OrderStatus.REJECTED.value,
    ":cancelled": OrderStatus.CANCELLED.value,
}
# Settled and closed before a time, and the address or the customer's own words are still there.
CONTACT_EXPIRED: Final = (
    f"(attribute_exists(customerEmail) OR attribute_exists(cancelComment)) AND {_SETTLED} "
    "AND attribute_not_exists(openShard) AND updatedAt < :before"
)

_UNDECIDED: Final = "#status IN (:pending, :onHold)"
# No execution that started before the newest message that a redrive has taken was sent: it may be its own.
_NO_MESSAGE_TAKEN: Final = "(attribute_not_exists(redrivenAt) OR redrivenAt <= :started)"
# Every write to an open order changes its key, except mark_unannounced.
_UNCHANGED: Final = "openKey = :seen"
# An order that is to be cancelled is settled in no other way.
_NOT_CANCELLING: Final = "attribute_not_exists(cancelRequestedAt)"
_CANCELLING: Final = "attribute_exists(cancelRequestedAt)"
_NOT_ENDED: Final = "#status IN (:pending, :onHold, :confirmed)"
_PENDING_OR_HELD: Final = {":pending": OrderStatus.PENDING.value, ":onHold": OrderStatus.ON_HOLD.value}
_NOT_ENDED_VALUES: Final = {**_PENDING_OR_HELD, ":confirmed": OrderStatus.CONFIRMED.value}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderWrite:
    """A conditional update of an ORDER record; `values` has a plain value for each placeholder.

    `returns_updated`: the response has the attributes that the update names, and no others of the record.
    """

    update: str
    condition: str
    values: Mapping[str, Any]
    returns_updated: bool = False

    @property
    def names(self) -> dict[str, str]:
        """Return the attribute names that the expressions may not use directly."""
        return {"#status": "status"} if "#status" in self.update + self.condition else {}

    def arguments(self, to_item: ToItem) -> dict[str, Any]:
        """Return the arguments of UpdateItem, without table and key."""
        names = {"ExpressionAttributeNames": self.names} if self.names else {}
        returned = {"ReturnValues": "UPDATED_NEW"} if self.returns_updated else {}
        return {
            "UpdateExpression": self.update,
            "ConditionExpression": self.condition,
            "ExpressionAttributeValues": to_item(self.values),
            **names,
            **returned,
        }


def stored_order(order_id: str, at: str) -> dict[str, str]:
    """Return what the API stores of the life of a new order."""
    return {
        "status": OrderStatus.PENDING.value,
        "createdAt": at,
        "updatedAt": at,
        "openShard": open_shard(order_id),
        "openKey": open_key(OpenKind.IN_PROGRESS, at),
    }


def count_attempt(seen: str, attempts: int, now: str) -> OrderWrite:
    """Sweeper: it took the order up, and the order waits anew. `seen` is the openKey it found."""
    return OrderWrite(
        update="SET openKey = :openKey, attempts = :attempts",
        condition=_UNCHANGED,
        values={":openKey": open_key(OpenKind.IN_PROGRESS, now), ":attempts": attempts, ":seen": seen},
    )


def mark_unannounced(seen: str) -> OrderWrite:
    """Sweeper: the execution of a settled order is gone, and the next one may take over."""
    return OrderWrite(
        update="SET unannounced = :true", condition=_UNCHANGED, values={":true": True, ":seen": seen}
    )


def hold_after_attempts(seen: str, reason: str, now: str) -> OrderWrite:
    """Sweeper: a PENDING order was emitted again too often. It is ON_HOLD, in progress until announced."""
    return OrderWrite(
        update="SET #status = :onHold, reason = :reason, updatedAt = :now, openKey = :openKey",
        condition=_UNCHANGED,
        values={
            ":onHold": OrderStatus.ON_HOLD.value,
            ":reason": reason,
            ":now": now,
            ":openKey": open_key(OpenKind.IN_PROGRESS, now),
            ":seen": seen,
        },
    )


def leave_to_operator(seen: str, now: str) -> OrderWrite:
    """Sweeper: the order waits for an operator from now on."""
    return OrderWrite(
        update="SET openKey = :openKey",
        condition=_UNCHANGED,
        values={":openKey": open_key(OpenKind.WAITING, now), ":seen": seen},
    )


def resume(now: str, redriven_at: str | None) -> OrderWrite:
    """Redrive: an order on hold is PENDING again.

    `redriven_at` is the second by which its latest message was sent, as `clock.second_reached` writes it.
    """
    note, note_values = _redrive_note(redriven_at)
    return OrderWrite(
        update=f"SET #status = :pending, updatedAt = :now, openKey = :openKey{note} REMOVE reason, attempts",
        condition="#status = :onHold",
        values={
            **_PENDING_OR_HELD,
            ":now": now,
            ":openKey": open_key(OpenKind.IN_PROGRESS, now),
            **note_values,
        },
    )


def reopen(order_id: str, now: str, redriven_at: str | None, *, announce_again: bool) -> OrderWrite:
    """Redrive: an order of any status is in progress again, and an execution to come may take over."""
    note, note_values = _redrive_note(redriven_at)
    removed = "attempts, closedAt" if announce_again else "attempts"
    return OrderWrite(
        update=f"SET unannounced = :true, openShard = :openShard, openKey = :openKey{note} REMOVE {removed}",
        condition="attribute_exists(orderId)",
        values={
            ":true": True,
            ":openShard": open_shard(order_id),
            ":openKey": open_key(OpenKind.IN_PROGRESS, now),
            **note_values,
        },
    )


def forget(order_id: str, customer_id: str, now: str) -> OrderWrite:
    """Operator: nothing in the record names the customer any more; what accounting needs stays.

    Only of an order that is settled and closed. The pseudonym is in the customer's index too, so that a list
    of the customer's orders does not find the order again. The hash of the request could tell the address.
    """
    return OrderWrite(
        update="SET customerId = :pseudonym, requestHash = :forgotten, forgottenAt = :now "
        "REMOVE customerEmail, paymentMethod, cancelComment",
        condition=f"customerId = :customer AND {_SETTLED} AND attribute_not_exists(openShard)",
        values={
            ":pseudonym": f"forgotten:{order_id}",
            ":forgotten": "forgotten",
            ":now": now,
            ":customer": customer_id,
            **_SETTLED_VALUES,
        },
    )


def erase_contact(before: str) -> OrderWrite:
    """Eraser: the address and the payment token of an order that was settled before that time are gone.

    The customer's id stays. The hash of the request could tell the address.
    """
    return OrderWrite(
        update="SET requestHash = :forgotten REMOVE customerEmail, paymentMethod, cancelComment",
        condition=CONTACT_EXPIRED,
        values={":forgotten": "forgotten", **_SETTLED_VALUES, ":before": before},
    )


def request_cancellation(  # noqa: PLR0913  each of them is stored or compared
    order_id: str,
    now: str,
    reason: CancelReason,
    *,
    comment: str | None = None,
    confirmed_since: str | None = None,
    seen: str | None = None,
) -> OrderWrite:
    """API, operator, sweeper: the next execution cancels the order, whatever runs now.

    No execution that runs now may close the order or leave it to an operator: it is not `executionArn` any
    more. An order CONFIRMED before `confirmed_since` is not cancelled; None excludes all of them. One that is
    still being announced must first be closed, or wait for an operator: "confirmed" must not come after
    "cancelled". With `seen`, the order must be ON_HOLD with this openKey.

    With a `comment` the customer must not be forgotten: the words could say who it was.
    """
    values = {
        ":now": now,
        ":reason": reason.value,
        ":openShard": open_shard(order_id),
        ":openKey": open_key(OpenKind.IN_PROGRESS, now),
    }
    note = unless_forgotten = ""
    if comment is not None:
        note, values[":comment"] = ", cancelComment = :comment", comment
        unless_forgotten = " AND attribute_not_exists(forgottenAt)"
    condition, compared = _cancellable(confirmed_since, seen)
    return OrderWrite(
        update="SET cancelRequestedAt = :now, cancelReason = :reason, updatedAt = :now, "
        f"openShard = :openShard, openKey = :openKey{note} "
        "REMOVE executionArn, executionStartedAt, attempts, unannounced, closedAt",
        condition=f"{_NOT_CANCELLING} AND {condition}{unless_forgotten}",
        values=values | compared,
    )


def _cancellable(confirmed_since: str | None, seen: str | None) -> tuple[str, dict[str, str]]:
    if seen is not None:
        held = f"#status = :onHold AND {_UNCHANGED}"
        return held, {":onHold": OrderStatus.ON_HOLD.value, ":seen": seen}
    if confirmed_since is None:
        return _UNDECIDED, _PENDING_OR_HELD
    announced = "(attribute_not_exists(openShard) OR begins_with(openKey, :waiting))"
    # An order that was confirmed before there was a settledAt has only its last change.
    in_time = "(settledAt >= :since OR (attribute_not_exists(settledAt) AND updatedAt >= :since))"
    confirmed = f"#status = :confirmed AND {in_time} AND {announced}"
    return f"({_UNDECIDED} OR ({confirmed}))", {
        **_NOT_ENDED_VALUES,
        ":since": confirmed_since,
        ":waiting": OpenKind.WAITING.value,
    }


def _redrive_note(redriven_at: str | None) -> tuple[str, dict[str, str]]:
    return (", redrivenAt = :redriven", {":redriven": redriven_at}) if redriven_at else ("", {})


# The values of the state machine are JSONPath, or constants.
_BY_THIS_EXECUTION: Final = {
    ":now": "$$.State.EnteredTime",
    ":execution": "$$.Execution.Id",
    ":started": "$$.Execution.StartTime",
}
_IN_PROGRESS: Final = {":openKey": "States.Format('IN_PROGRESS#{}', $$.State.EnteredTime)"}
# The update writes the stored customerId to itself, to return it: the announcement needs it, and the event is
# not to be trusted. ALL_NEW would put the e-mail address and the payment token into the execution's log.
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html#DDB-UpdateItem-request-ReturnValues
_NOTE_EXECUTION: Final = (
    "customerId = customerId, updatedAt = :now, executionArn = :execution, executionStartedAt = :started, "
    "openKey = :openKey"
)


# An execution that announces the order again writes its settlement again.
_FIRST_SETTLED: Final = "settledAt = if_not_exists(settledAt, :now)"


def _settled_by_this_execution_or_a_dead_one(status: str) -> str:
    """Let an execution repeat its own write, or take over from one that died before CloseOrder."""
    return (
        f"(#status = {status} AND attribute_exists(openShard) AND (executionArn = :execution OR "
        "(attribute_exists(unannounced) AND attribute_not_exists(closedAt))))"
    )


STATE_MACHINE_WRITES: Final[Mapping[str, OrderWrite]] = {
    "ConfirmOrder": OrderWrite(
        update=f"SET #status = :confirmed, {_FIRST_SETTLED}, {_NOTE_EXECUTION} REMOVE reason, unannounced",
        condition=f"{_NOT_CANCELLING} AND "
        f"({_UNDECIDED} OR {_settled_by_this_execution_or_a_dead_one(':confirmed')})",
        values={
            **_PENDING_OR_HELD,
            ":confirmed": OrderStatus.CONFIRMED.value,
            **_BY_THIS_EXECUTION,
            **_IN_PROGRESS,
        },
        returns_updated=True,
    ),
    "RejectOrder": OrderWrite(
        update=f"SET #status = :rejected, reason = :reason, {_FIRST_SETTLED}, {_NOTE_EXECUTION} "
        "REMOVE unannounced",
        condition=f"{_NOT_CANCELLING} AND "
        f"({_UNDECIDED} OR {_settled_by_this_execution_or_a_dead_one(':rejected')})",
        values={
            **_PENDING_OR_HELD,
            ":rejected": OrderStatus.REJECTED.value,
            ":reason": "$.reason",
            **_BY_THIS_EXECUTION,
            **_IN_PROGRESS,
        },
        returns_updated=True,
    ),
    "HoldOrder": OrderWrite(
        update="SET #status = :onHold, reason = :reason, " + _NOTE_EXECUTION,
        condition=f"({_NOT_CANCELLING} AND {_UNDECIDED}) OR (cancelRequestedAt <= :started AND {_NOT_ENDED})",
        values={**_NOT_ENDED_VALUES, ":reason": "$.reason", **_BY_THIS_EXECUTION, **_IN_PROGRESS},
        returns_updated=True,
    ),
    "CancelOrder": OrderWrite(
        update="SET #status = :cancelled, reason = cancelReason, " + _NOTE_EXECUTION + " REMOVE unannounced",
        condition=f"{_CANCELLING} AND "
        f"({_NOT_ENDED} OR {_settled_by_this_execution_or_a_dead_one(':cancelled')})",
        values={
            **_NOT_ENDED_VALUES,
            ":cancelled": OrderStatus.CANCELLED.value,
            **_BY_THIS_EXECUTION,
            **_IN_PROGRESS,
        },
        returns_updated=True,
    ),
    "CloseOrder": OrderWrite(
        update="SET closedAt = :now REMOVE openShard, openKey, unannounced",
        condition="attribute_exists(openShard) AND ((executionArn = :execution AND "
        f"attribute_not_exists(unannounced)) OR attribute_exists(closedAt)) AND {_NO_MESSAGE_TAKEN}",
        values=_BY_THIS_EXECUTION,
    ),
    "LeaveToOperator": OrderWrite(
        update="SET openKey = :openKey",
        condition=f"executionArn = :execution AND #status = :onHold AND {_NO_MESSAGE_TAKEN}",
        values={
            ":onHold": OrderStatus.ON_HOLD.value,
            ":execution": "$$.Execution.Id",
            ":started": "$$.Execution.StartTime",
            ":openKey": "States.Format('WAITING#{}', $$.State.EnteredTime)",
        },
    ),
}
