"""Scripts with results that match several rules of a Choice: the first rule decides."""

from collections.abc import Iterator

from devtools.recording.scripts.script import BUG, DECLINED, OUT_OF_STOCK, SQS_DOWN, Script, fails, status


def decisions() -> Iterator[Script]:
    """Yield the scripts of DecideOutcome and DecideCompensation."""
    yield Script(
        name="captured_before",
        description="an earlier execution captured the payment: the order is confirmed",
        responses={"AuthorizePayment": status("CAPTURED")},
    )
    yield Script(
        name="voided_before",
        description="the payment was voided although there is stock: the order is refused",
        responses={"AuthorizePayment": status("VOIDED")},
    )
    yield Script(
        name="voided_before_inventory_down",
        description="the payment is voided and the stock unknown: the order is held for the stock",
        responses={"AuthorizePayment": status("VOIDED"), "ReserveInventory": BUG},
    )
    yield Script(
        name="voided_and_released_before",
        description="payment and stock were released: the refusal is completed",
        responses={"AuthorizePayment": status("VOIDED"), "ReserveInventory": status("RELEASED")},
    )
    yield Script(
        name="released_before",
        description="stock that was released before is not reserved: the order is held",
        responses={"ReserveInventory": status("RELEASED")},
    )
    yield Script(
        name="unknown_order",
        description="the event names no order: nothing is parked, and the execution fails",
        responses=dict.fromkeys(
            ("ReserveInventory", "AuthorizePayment", "NotifyReceived"), status("UNKNOWN")
        ),
        ends_in="OrderUnknown",
    )
    yield Script(
        name="unknown_order_inventory_down",
        description="the payment service knows of no such order: a broken step does not count",
        responses={"ReserveInventory": BUG, "AuthorizePayment": status("UNKNOWN")},
        ends_in="OrderUnknown",
    )
    yield Script(
        name="unknown_order_only_inventory_works",
        description="the inventory service knows of no such order: broken steps do not count",
        responses={
            "ReserveInventory": status("UNKNOWN"),
            **dict.fromkeys(("AuthorizePayment", "NotifyReceived"), BUG),
        },
        ends_in="OrderUnknown",
    )
    yield Script(
        name="unknown_order_declined_before",
        description="the order was deleted while its workflow ran: nothing is settled any more",
        responses={**DECLINED, "ReserveInventory": status("UNKNOWN")},
        ends_in="OrderUnknown",
    )
    yield Script(
        name="unknown_order_only_notification_works",
        description="the notification service knows of no such order: broken steps do not count",
        responses={
            **dict.fromkeys(("ReserveInventory", "AuthorizePayment"), BUG),
            "NotifyReceived": status("UNKNOWN"),
        },
        ends_in="OrderUnknown",
    )
    yield Script(
        name="cancelled_after_first_read",
        description="the payment service read the order before somebody asked to cancel it",
        responses={"ReserveInventory": status("CANCELLED"), "AuthorizePayment": status("DECLINED")},
    )
    yield Script(
        name="cancelled_after_reservation",
        description="the stock was refused before somebody asked to cancel the order",
        responses={**OUT_OF_STOCK, "AuthorizePayment": status("CANCELLED")},
    )
    yield Script(
        name="cancelled_while_inventory_down",
        description="the inventory service is broken: the payment service knows that the order is cancelled",
        responses={"ReserveInventory": BUG, "AuthorizePayment": status("CANCELLED")},
    )
    yield Script(
        name="cancelled_before_capture",
        description="somebody asked to cancel the order before its capture: another execution does that",
        responses={"CapturePayment": fails("CancellationRequested")},
        ends_in="Overtaken",
    )
    yield Script(
        name="unknown_order_cancelled_before",
        description="the order was deleted while it was being cancelled: nothing is undone any more",
        responses={"ReserveInventory": status("CANCELLED"), "AuthorizePayment": status("UNKNOWN")},
        ends_in="OrderUnknown",
    )
    yield Script(
        name="reservation_parked_authorization_lost",
        description="a lost message takes precedence over a parked one",
        responses={"ReserveInventory": BUG, "AuthorizePayment": BUG, "ParkAuthorizePayment": SQS_DOWN},
        ends_in="MessageLost",
    )
    yield Script(
        name="release_parked_reversal_lost",
        description="a lost message of a compensation takes precedence over a parked one",
        responses={
            **DECLINED,
            **dict.fromkeys(("ReleaseInventory", "ReversePayment"), BUG),
            "ParkReversePayment": SQS_DOWN,
        },
        ends_in="MessageLost",
    )
