"""Reads and writes what the payment service decided: the record STEP#payment."""

from typing import Any

from handlers.adapters.dynamodb import Record
from handlers.adapters.step_records import StepRecords
from handlers.contract.names import PAYMENT_STEP, PaymentProvider, PaymentStatus
from handlers.domain.payment import PaymentStep


class PaymentRecords:
    """`client` is a boto3 DynamoDB client. Every method may raise DependencyUnavailable."""

    def __init__(self, client: Any, table_name: str) -> None:
        self._steps = StepRecords(client, table_name)

    def read(self, order_id: str) -> PaymentStep | None:
        record = self._steps.read(order_id, PAYMENT_STEP)
        return payment_step(record) if record else None

    def record_if_absent(self, step: PaymentStep) -> PaymentStep:
        """Return the recorded decision, also when another execution made it."""
        return payment_step(self._steps.put_if_absent(_record(step)))

    def settle(self, expected: PaymentStatus, step: PaymentStep) -> PaymentStep:
        """Change a payment that has the expected status; return what is recorded then, whoever did it."""
        changes = {"status": step.status.value, "at": step.at, "executionArn": step.execution_arn}
        record = self._steps.update_if(
            (step.order_id, PAYMENT_STEP),
            changes if step.amount is None else changes | {"amount": step.amount},
            condition="#status = :expected",
            operands={"expected": expected.value},
        )
        return payment_step(record)


def _record(step: PaymentStep) -> Record:
    record: Record = {
        "orderId": step.order_id,
        "record": PAYMENT_STEP,
        "status": step.status.value,
        "at": step.at,
        "executionArn": step.execution_arn,
    }
    if step.provider is not None:
        record["provider"] = step.provider.value
    if step.reference is not None:
        record["reference"] = step.reference
    if step.reason is not None:
        record["reason"] = step.reason
    if step.amount is not None:
        record["amount"] = step.amount
    return record


def payment_step(record: Record) -> PaymentStep:
    """Return the recorded decision."""
    return PaymentStep(
        order_id=record["orderId"],
        status=PaymentStatus(record["status"]),
        at=record["at"],
        execution_arn=record["executionArn"],
        provider=PaymentProvider(record["provider"]) if "provider" in record else None,
        reference=record.get("reference"),
        reason=record.get("reason"),
        amount=int(record["amount"]) if "amount" in record else None,
    )
