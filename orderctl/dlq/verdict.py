"""What a dead letter still asks for."""

from collections.abc import Sequence
from enum import StrEnum

from handlers.contract.clock import second_reached
from orderctl.dlq.messages import DeadLetter
from orderctl.dlq.orders import KnownOrder


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
      message about a notification must also find the record that it was sent.
    - being redriven: a redrive has taken this message, and the order is in progress since then. An execution
      works on it, or the sweeper will take it up. The redrive has not deleted the message yet, or was killed.
    - needs redrive: everything else. Nothing records that an announcement was published. So an announcement
      on a queue always needs a redrive.
    """
    if message.is_announcement:
        return Verdict.NEEDS_REDRIVE
    if message.is_foreign or order is None:
        return Verdict.UNKNOWN
    if order.status.is_settled and order.is_closed and message.notification in {None, *order.notified}:
        return Verdict.ALREADY_DONE
    is_taken = order.redriven_at is not None and second_reached(message.sent) <= order.redriven_at
    return Verdict.BEING_REDRIVEN if is_taken and order.is_in_progress else Verdict.NEEDS_REDRIVE


def is_done(order: KnownOrder, messages: Sequence[DeadLetter]) -> bool:
    """Tell whether these messages, all that were found of an order, can be deleted without an event."""
    return bool(messages) and all(verdict(each, order) is Verdict.ALREADY_DONE for each in messages)
