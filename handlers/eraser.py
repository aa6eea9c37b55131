"""Lambda: erases address and payment token of orders that were settled long ago, one part a day."""

import os
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, Final

from handlers.adapters.aws import client, make_clients
from handlers.adapters.expired_contacts import ExpiredContacts
from handlers.adapters.operation_log import logs_operation, operation_logger
from handlers.adapters.time_budget import InvocationContext, TimeBudget
from handlers.contract.clock import Clock, rfc3339, utc_now

logger = operation_logger()
make_clients("dynamodb")

# The whole table is read in a week.
PARTS: Final = 7
# A page and the writes to its orders: some hundred short calls.
_PAGE_MILLIS: Final = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Eraser:
    """Can be cut off anywhere, and can run twice at once: what is erased is not found again."""

    contacts: ExpiredContacts
    after: timedelta
    now: Clock = utc_now

    def run(self, budget: TimeBudget) -> int:
        """Erase as much of today's part as there is time for; return the number of orders."""
        now = self.now()
        before = rfc3339(now - self.after)
        erased = 0
        for page in self.contacts.find(before, segment=now.toordinal() % PARTS, of=PARTS):
            erased += sum(self.contacts.erase(order_id, before) for order_id in page)
            if budget.remaining_millis() < _PAGE_MILLIS:
                logger.warning("today's part was not read to its end", erased=erased)
                break
        return erased


@cache
def _eraser() -> Eraser:
    return Eraser(
        contacts=ExpiredContacts(client("dynamodb"), os.environ["ORDERS_TABLE"]),
        after=timedelta(days=int(os.environ["CONTACT_DATA_DAYS"])),
    )


@logger.inject_lambda_context(clear_state=True)
@logs_operation(logger, "erased")
def handler(_event: dict[str, Any], context: InvocationContext) -> dict[str, int]:
    """Erase what is due in today's part of the table. In a week the same part comes again."""
    erased = _eraser().run(TimeBudget.from_context(context))
    logger.append_keys(step="erase", orders=erased)
    return {"orders": erased}
