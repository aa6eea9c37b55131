"""What a dead letter still asks for."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from handlers.contract.clock import second_reached
from handlers.contract.names import DetailType, OrderStatus
from orderctl.dlq.messages import DeadLetter
from orderctl.dlq.orders import KnownOrder

# The kind of the notification that an order is cancelled.
_CANCELLED: Final = "cancelled"


class Verdict(StrEnum):
    """What is to be done about a message."""

    NEEDS_REDRIVE = "needs redrive"
    BEING_REDRIVEN = "being redriven"
    ALREADY_DONE = "already done"
    # It is not from this system, or there is no such order, or its record is broken. No redrive deletes it.
    UNKNOWN = "unknown"


def verdict(message: DeadLetter, order: KnownOrder | None) -> Verdict:
    """Decide by what is recorded of the order of the message.

    - already done: the order is settled and closed. So its stock and its payment are as its status says. A
      message about a notification must also find the record that it was sent. The customer of a cancelled
      order is only told that it is cancelled. An announcement of what the order was before somebody asked to
      cancel it is done too: the next one says that it is cancelled.
    - being redriven: a redrive has taken this message, and the order is in progress since then. An execution
      works on it, or the sweeper will take it up. The redrive has not deleted the message yet, or was killed.
    - needs redrive: everything else. Nothing records that an announcement was published. So any other
      announcement on a queue needs a redrive.
    """
    if message.is_announcement:
        return Verdict.ALREADY_DONE if _is_stale(message, order) else Verdict.NEEDS_REDRIVE
    if message.is_foreign or order is None:
        return Verdict.UNKNOWN
    if order.status.is_settled and order.is_closed and not _is_to_be_told(message, order):
        return Verdict.ALREADY_DONE
    is_taken = order.redriven_at is not None and second_reached(message.sent) <= order.redriven_at
    return Verdict.BEING_REDRIVEN if is_taken and order.is_in_progress else Verdict.NEEDS_REDRIVE


def is_done(order: KnownOrder, messages: Sequence[DeadLetter]) -> bool:
    """Tell whether these messages, all that were found of an order, can be deleted without an event.

    An order without a message is not done, unless it is cancelled: it may be announced again.
    """
    if not messages:
        return order.is_undone
    return all(verdict(each, order) is Verdict.ALREADY_DONE for each in messages)


def _is_to_be_told(message: DeadLetter, order: KnownOrder) -> bool:
    if order.status is OrderStatus.CANCELLED and message.notification != _CANCELLED:
        return False
    return message.notification not in {None, *order.notified}


def _is_stale(message: DeadLetter, order: KnownOrder | None) -> bool:
    if order is None or order.cancel_reason is None or message.step == DetailType.ORDER_CANCELLED:
        return False
    still_held = order.status is OrderStatus.ON_HOLD and order.is_waiting
    return not (message.step == DetailType.ORDER_HELD and still_held)
