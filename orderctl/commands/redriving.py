"""Carries out a redrive for its command: progress, an interruption, and what came of the orders."""

from dataclasses import dataclass
from typing import Final

from orderctl.display.json_output import print_json
from orderctl.display.layout import counted, print_parts
from orderctl.display.redrive_json import result_json
from orderctl.dlq.aftermath import wait_until_done
from orderctl.dlq.orders import KnownOrder, RedrivableOrders
from orderctl.dlq.plan import RedrivePlan
from orderctl.dlq.redrive import Redrive, RedriveResult
from orderctl.dlq.tables import aftermath_table, result_text
from orderctl.errors import Interrupted, NotSettled, OperatorError
from orderctl.terminal import output, progress_bar

# An execution ends after 285 s; on the local cloud it may wait for its turn.
_WAIT_SECONDS: Final = 330
_GO_ON: Final = "Run the same command again: it goes on with the rest."


@dataclass(frozen=True, slots=True, kw_only=True)
class Redriving:
    """How a redrive is carried out; `wait` until the orders that were emitted again are done."""

    orders: RedrivableOrders
    wait: bool
    as_json: bool

    def carry_out(self, work: Redrive, plan: RedrivePlan) -> None:
        """Carry out the plan and print what it did, also when it ends early."""
        result = RedriveResult()
        came: dict[str, KnownOrder] = {}
        try:
            with progress_bar("redriving", plan.size) as set_done:
                for result in work.run(plan):
                    set_done(result.done)
            if not self.as_json:
                output.print(result_text(result, waits=self.wait))
            if self.wait:
                came = self._wait(result)
        except KeyboardInterrupt:
            raise self._interrupted(plan, result) from None
        finally:
            if self.as_json:
                print_json(result_json(plan, result, came.values()))
            elif result.done < plan.size:
                output.print(f"{result_text(result)} {_left(plan, result)}.")
        self._report(result, came)

    def _wait(self, result: RedriveResult) -> dict[str, KnownOrder]:
        with progress_bar("waiting until the orders are done", result.emitted) as set_done:
            came = wait_until_done(
                self.orders, result.emitted_ids, timeout=_WAIT_SECONDS, on_progress=set_done
            )
        if came and not self.as_json:
            print_parts(aftermath_table(came.values()))
        return came

    def _interrupted(self, plan: RedrivePlan, result: RedriveResult) -> Interrupted:
        if result.done < plan.size:
            return Interrupted(f"Interrupted: {_left(plan, result)}", what_to_do=_GO_ON)
        return Interrupted(
            f"Interrupted: {counted(result.emitted, 'order')} emitted again, and they go on",
            what_to_do="Show what came of one with `orderctl show ORDER_ID`.",
        )

    def _report(self, result: RedriveResult, came: dict[str, KnownOrder]) -> None:
        failures = [
            *(
                f"  {order_id}: there is no such order, or its record is broken"
                for order_id in result.unknown
            ),
            *(f"  {order_id}: the bus did not accept its event" for order_id in result.refused),
        ]
        if failures:
            raise OperatorError(
                f"{counted(len(failures), 'event')} could not be emitted. Their messages are kept",
                what_to_do="\n".join(failures),
            )
        not_done = [order for order in came.values() if not order.is_closed]
        if not_done:
            raise NotSettled(
                f"{counted(len(not_done), 'order')} of {len(came)} not done",
                what_to_do="`orderctl show ORDER_ID` tells what each of them waits for.",
            )


def _left(plan: RedrivePlan, result: RedriveResult) -> str:
    left = plan.size - result.done
    return f"{counted(left, 'order or announcement', 'orders or announcements')} of {plan.size} left"
