"""Reads and writes the claims to send notifications: the records STEP#notification#KIND."""

from datetime import datetime
from typing import Any

from handlers.adapters.step_records import StepRecords
from handlers.contract.clock import rfc3339
from handlers.contract.names import NOTIFICATION_STEP_PREFIX, NotificationStatus
from handlers.domain.errors import NotificationInProgress
from handlers.domain.notification import CLAIM_EXPIRES_AFTER, NotificationKind

_CLAIMABLE = (
    "attribute_not_exists(orderId) OR (#status = :sending AND (#owner = :new_owner OR #at < :expired))"
)


class NotificationRecords:
    """`client` is a boto3 DynamoDB client. Every method may raise DependencyUnavailable."""

    def __init__(self, client: Any, table_name: str) -> None:
        self._steps = StepRecords(client, table_name)

    def claim(self, order_id: str, kind: NotificationKind, *, owner: str, now: datetime) -> bool:
        """Claim the right to send; False when it was sent already, or is not to be sent any more.

        Raises NotificationInProgress while another owner has a claim that is not expired.
        """
        stored = self._steps.update_if(
            _key(order_id, kind),
            {"status": NotificationStatus.SENDING.value, "owner": owner, "at": rfc3339(now)},
            condition=_CLAIMABLE,
            operands={
                "sending": NotificationStatus.SENDING.value,
                "expired": rfc3339(now - CLAIM_EXPIRES_AFTER),
            },
        )
        if stored["status"] in {NotificationStatus.SENT, NotificationStatus.SKIPPED}:
            return False
        if stored["owner"] != owner:
            raise _in_progress(order_id, kind)
        return True

    def skip(self, order_id: str, kind: NotificationKind, *, now: datetime) -> None:
        """Let nobody send it from now on, if it was not sent; raises NotificationInProgress like `claim`."""
        stored = self._steps.update_if(
            _key(order_id, kind),
            {"status": NotificationStatus.SKIPPED.value, "at": rfc3339(now)},
            condition="attribute_not_exists(orderId) OR (#status = :sending AND #at < :expired)",
            operands={
                "sending": NotificationStatus.SENDING.value,
                "expired": rfc3339(now - CLAIM_EXPIRES_AFTER),
            },
        )
        if stored["status"] == NotificationStatus.SENDING:
            raise _in_progress(order_id, kind)

    def record_sent(self, order_id: str, kind: NotificationKind, *, message_id: str, now: datetime) -> None:
        self._steps.update_if(
            _key(order_id, kind),
            {"status": NotificationStatus.SENT.value, "messageId": message_id, "at": rfc3339(now)},
            condition="#status = :sending",
            operands={"sending": NotificationStatus.SENDING.value},
        )


def _in_progress(order_id: str, kind: NotificationKind) -> NotificationInProgress:
    return NotificationInProgress(f"the notification {kind!s} of order {order_id} is being sent")


def _key(order_id: str, kind: NotificationKind) -> tuple[str, str]:
    return order_id, NOTIFICATION_STEP_PREFIX + kind
