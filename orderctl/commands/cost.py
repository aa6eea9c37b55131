"""cost: what orders cost on AWS."""

from typing import Annotated

import typer

from orderctl.cost.bill import MILLION, Costs
from orderctl.cost.measured import Measured
from orderctl.cost.price_list import price_list
from orderctl.display.cost_json import cost_json
from orderctl.display.cost_view import cost_view
from orderctl.display.json_output import AsJson, print_json
from orderctl.display.layout import print_parts

_MOST_ORDERS = 1_000_000_000


def _orders(text: str) -> int:
    try:
        orders = float(text)
    except ValueError:
        orders = 0
    if not (1 <= orders <= _MOST_ORDERS and orders.is_integer()):
        raise typer.BadParameter(f"{text!r}: give a whole number up to 1e9, for example 1e6")
    return int(orders)


def cost(
    *,
    orders: Annotated[
        int, typer.Option(parser=_orders, metavar="NUMBER", help="Orders a month: 250000, 1e6.")
    ] = MILLION,
    lines: Annotated[int, typer.Option(help="Lines of each order: 1, 3, 10 or 98.")] = 3,
    as_json: AsJson = False,
) -> None:
    """Tell what orders cost on AWS, by outcome and service.

    The units and bytes were measured on a local cloud (`make bench-cost`), the prices are a dated list. It
    needs no stack and no credentials.
    """
    measured = Measured.read()
    if lines not in measured.lines:
        known = ", ".join(map(str, measured.lines))
        raise typer.BadParameter(f"orders of {lines} lines were not measured: choose {known}")
    costs = Costs(prices=price_list(), measured=measured, orders=orders, lines=lines)
    if as_json:
        print_json(cost_json(costs))
    else:
        print_parts(cost_view(costs))
