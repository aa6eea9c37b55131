"""Places orders of every kind on a local cloud and shows what happened to each."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.text import Text

from devtools.demo.orders import DEMO_ORDERS, LANTERN, MUG, stock_after
from devtools.demo.play import DemoResult, play
from devtools.demo.view import next_commands, results_table, short_trace
from devtools.local_cloud.cloud import bring_up, stop_local_cloud
from devtools.local_cloud.folder import Folder
from handlers.contract.names import OrderStatus
from orderctl.display.layout import print_parts
from orderctl.errors import Interrupted, OperatorError
from orderctl.local_cloud import local_cloud_folder
from orderctl.products import ProductsTable
from orderctl.stack import Stack
from orderctl.terminal import output, step


def demo(
    *,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave a local cloud that it started running.")
    ] = False,
) -> None:
    """Place orders of every kind on a local cloud and show what happened to each."""
    folder = Folder.from_root(local_cloud_folder())
    kept = keep or folder.in_use()
    try:
        with _local_cloud(folder, kept=kept) as stack:
            catalogue = ProductsTable(stack)
            for _ in catalogue.stock([MUG, LANTERN]):
                pass
            results = play(stack)
            found = catalogue.find(stock_after(DEMO_ORDERS))
    except KeyboardInterrupt:
        raise Interrupted(
            "Interrupted: the local cloud "
            + ("runs on, with the orders of the demo" if kept else "that the demo started is stopped"),
            what_to_do="Run `orderctl demo` again.",
        ) from None
    left = {id_: product.available for id_, product in found.items()}
    _show(results)
    _fail_on_differences(results, left)
    output.print(Text("Every order ended as expected.", style="green"))
    print_parts("", *next_commands(results[0].order["orderId"], kept=kept))


@contextmanager
def _local_cloud(folder: Folder, *, kept: bool) -> Iterator[Stack]:
    """Use the local cloud of this folder, with its data if it has any; stop one that was not running."""
    up = bring_up(folder, stocked=False)
    try:
        yield up.stack
    finally:
        if not kept:
            with step("stopping the local cloud"):
                stop_local_cloud(folder, keep_data=up.data_of is not None)


def _show(results: Sequence[DemoResult]) -> None:
    print_parts("", results_table(results), "")
    confirmed = next(each for each in results if each.expected.status == OrderStatus.CONFIRMED)
    others = (each for each in results if each.expected.cancelled or each.expected.outage)
    for result in (confirmed, *others):
        print_parts(*short_trace(result), "")


def _fail_on_differences(results: Sequence[DemoResult], left: Mapping[str, int]) -> None:
    wrong = [
        f"  {result.expected.title}: {difference}" for result in results for difference in result.differences
    ]
    wrong += [
        f"  {product_id}: {left.get(product_id)} left, not {expected}"
        for product_id, expected in stock_after(DEMO_ORDERS).items()
        if left.get(product_id) != expected
    ]
    if wrong:
        raise OperatorError("Not everything ended as expected", what_to_do="\n".join(wrong))
