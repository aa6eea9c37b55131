"""Shows what orders cost: a table with a column for each outcome."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from orderctl.cost.bill import MILLION, Bill, Costs, Monthly
from orderctl.cost.measured import Outcome
from orderctl.cost.price_list import Stated
from orderctl.display.layout import add_row, counted, new_table


def cost_view(costs: Costs) -> Group:
    """Show the bill of every outcome, comparisons, what is paid each month, and what is stated."""
    return Group(*_parts(costs))


def _parts(costs: Costs) -> Iterator[RenderableType]:
    prices, measured = costs.prices, costs.measured
    yield (
        f"US dollars per million orders of {counted(costs.lines, 'line')}: {prices.region}, "
        f"{prices.architecture}, on demand, first tier, no free allowances, prices of {prices.date}"
    )
    yield ""
    yield _table(costs)
    bill = costs.bill(Outcome.CONFIRMED)
    biggest, share = bill.biggest, bill.biggest.dollars / bill.dollars
    yield ""
    yield (
        f"Biggest: {biggest.service}, {biggest.operation}: {_dollars(biggest.dollars)} of "
        f"{_dollars(bill.dollars)} ({share:.0%}) of a million confirmed orders"
    )
    yield ""
    yield _monthly("A month of prod, whatever it sells", costs.monthly())
    yield _monthly("What is kept of a million confirmed orders", costs.kept(Outcome.CONFIRMED))
    yield ""
    yield (
        f"Measured on {measured.date} on a local cloud ({measured.engine}): calls, units by the sizes of "
        "items, states, and log bytes with the names that AWS would have."
    )
    yield "Left out: delivery of e-mails, the payment provider's fees, data transfer, cold starts."
    stated = "; ".join(f"{each.name} {_value(each)}" for each in prices.stated.values())
    yield f"Stated, not measured: {stated}. Reasons and sources: --json."


def _table(costs: Costs) -> RenderableType:
    bills = [costs.bill(outcome) for outcome in Outcome]
    table = new_table("service", "operation", *Outcome, right=list(Outcome))
    for items in zip(*(bill.items for bill in bills), strict=True):
        if any(item.dollars for item in items):
            first = items[0]
            operation = f"{first.operation} (stated)" if first.stated else first.operation
            add_row(table, first.service, operation, *(_dollars(item.dollars) for item in items))
    _add_totals(table, "total", bills, style="bold")
    compared: Mapping[str, Callable[[Outcome], Bill]] = {
        "with Stripe": costs.with_stripe,
        "on a Standard workflow, without its log": costs.standard,
        "execution data not logged": costs.without_data,
    }
    for name, bill_of in compared.items():
        _add_totals(table, name, map(bill_of, Outcome))
    if costs.orders != MILLION:
        of_all = [Text(f"{costs.orders * bill.dollars:,.2f}") for bill in bills]
        add_row(table, "", f"{costs.orders:,} orders", *of_all)
    return table


def _add_totals(table: Table, name: str, bills: Iterable[Bill], style: str = "") -> None:
    dollars = [Text(_dollars(bill.dollars), style=style) for bill in bills]
    add_row(table, "", Text(name, style=style), *dollars)


def _monthly(title: str, lines: Iterable[Monthly]) -> str:
    parts = ", ".join(f"{each.what} {each.dollars:.2f}" for each in lines)
    return f"{title}: {sum(each.dollars for each in lines):.2f} ({parts})"


def _dollars(of_one_order: float) -> str:
    return f"{MILLION * of_one_order:.2f}"


def _value(stated: Stated) -> str:
    if isinstance(stated.value, Mapping):
        return ", ".join(f"{name} {value:g}" for name, value in stated.value.items()) + f" {stated.unit}"
    return f"{stated.value:g} {stated.unit}"
