"""The tables of docs/scaling.md, which `make scaling` rewrites."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from devtools.checkout import REPOSITORY
from devtools.scaling.figures import LINES, RATES, Figures, LoadCase
from devtools.scaling.hot_product import Sale, Sold
from devtools.scaling.limits import REQUESTS_PER_DAY, Kind, Limit, binding
from devtools.scaling.load import Outcomes
from devtools.scaling.order_path import OrderPath, Resource, order_path
from devtools.scaling.quotas import quotas
from handlers.contract.names import Stage

DOCUMENT: Final = REPOSITORY / "docs" / "scaling.md"
# A limit with less than a quarter more than is needed.
_RESERVE: Final = 1.25
_NOT_RAISED: Final = "can't be raised"


def rewrite(figures: Figures, file: Path = DOCUMENT) -> None:
    """Write the tables into the document."""
    text = file.read_text(encoding="utf-8")
    for name, rows in tables(figures).items():
        text = with_table(text, name, rows)
    file.write_text(text, encoding="utf-8")


def tables(figures: Figures) -> dict[str, list[str]]:
    """Return the rows of each table by the name in its marker."""
    return {
        "rates": rate_rows(),
        "limits": limit_rows(figures.ramp),
        "loads": load_rows(figures.loads),
        "steady": steady_rows(figures),
        "flash": flash_rows(figures.flash),
        "assumptions": assumption_rows(figures.assumed),
        "sources": source_rows(),
        "stated": stated_rows(),
    }


def table_of(text: str, name: str) -> list[str]:
    """Return the rows that the document has."""
    found = _marked(name).search(text)
    if found is None:
        raise ValueError(f"the document has no table {name}")
    return found.group().splitlines()


def with_table(text: str, name: str, rows: Iterable[str]) -> str:
    """Return the document with other rows."""
    changed, count = _marked(name).subn(lambda _: "\n".join(rows) + "\n", text)
    if count != 1:
        raise ValueError(f"the document has {count} tables {name}")
    return changed


def rate_rows() -> list[str]:
    """Return what each rate needs that prod with the default quotas does not have, or has without reserve."""
    rows = _head("> orders/s", "what binds, the first one first", "> it has", "> needed", "where to raise it")
    path, stripe = order_path(lines=LINES), order_path(lines=LINES, stripe=True)
    create = next(limit for limit in binding(stripe) if limit.kind is Kind.PROVIDER)
    for rate in RATES:
        lasts = REQUESTS_PER_DAY / rate
        span = f"{lasts:,.0f} seconds"
        rows.append(
            f"| {rate:,} | requests of the API key a day: enough for {span} | {REQUESTS_PER_DAY:,} "
            f"| {86_400 * rate:,} for a whole day | `-c requestsPerDay=` |"
        )
        rows.append(_rate_row(rate, stripe, create))
        rows += [_rate_row(rate, path, limit) for limit in binding(path) if _is_near(rate, path, limit)]
    return rows


def limit_rows(simulated: dict[str, float]) -> list[str]:
    """Return at which rate each limit binds, in prod and in dev, and with Stripe."""
    rows = _head(
        "limit",
        "> a second",
        "> an order takes",
        "> prod binds at",
        "> simulated",
        "> dev binds at",
        "set by",
    )
    path = order_path(lines=LINES)
    in_dev = {limit.name: limit.orders_per_second(path) for limit in binding(path, Stage.DEV)}
    for limit in binding(path):
        found = f"{simulated[limit.name]:,.0f}" if limit.name in simulated else "above 22,000"
        rows.append(
            f"| {limit.name} | {limit.per_second:,.0f} | {_units(path, limit)} "
            f"| {limit.orders_per_second(path):,.0f} | {found} | {in_dev[limit.name]:,.0f} | {limit.kind} |"
        )
    stripe = order_path(lines=LINES, stripe=True)
    for limit in binding(stripe):
        if limit.kind is Kind.PROVIDER or limit.resource is Resource.EXECUTIONS:
            rate = f"{limit.orders_per_second(stripe):,.0f}"
            rows.append(
                f"| with Stripe: {limit.name.removeprefix('Stripe: ')} | {limit.per_second:,.0f} "
                f"| {_units(stripe, limit)} | {rate} | | {rate} | {limit.kind} |"
            )
    return rows


def load_rows(loads: Iterable[tuple[LoadCase, Outcomes]]) -> list[str]:
    """Return what becomes of orders at a constant rate."""
    rows = _head(
        "> orders/s",
        "raised",
        "> refused",
        "> confirmed",
        "> confirmed, with a dead letter",
        "> on hold",
        "> 99 of 100 confirmed within",
        "what refused or delayed first",
    )
    for case, outcomes in loads:
        raised = "limits of this app, warm tables" if case.raised else "nothing"
        first = min(outcomes.first_refusal, key=lambda name: outcomes.first_refusal[name], default="nothing")
        shares = " | ".join(
            f"{100 * outcomes.share(each):.1f} %"
            for each in (outcomes.refused, outcomes.confirmed, outcomes.with_dead_letter, outcomes.held)
        )
        rows.append(f"| {case.rate:,} | {raised} | {shares} | {outcomes.slowest:.1f} s | {first} |")
    return rows


def steady_rows(figures: Figures) -> list[str]:
    """Return what each number of counters sells."""
    rows = _head(
        "> counters",
        "> the Inventory table is warm for",
        "> sold a second, and no reservation gives up",
        "> of one counter",
    )
    rows += [
        f"| {counters} | {partitions * quotas().value('partitionWrites'):,.0f} writes a second "
        f"| {rate:,.0f} | {rate / counters:,.0f} |"
        for (counters, partitions), rate in figures.steady.items()
    ]
    return rows


def flash_rows(sales: Iterable[Sold]) -> list[str]:
    """Return how a flash sale goes."""
    rows = _head(
        "> counters",
        "> a conflict takes",
        "> orders",
        "> sold",
        "> out of stock",
        "> on hold",
        "> last piece after",
        "> conflicts",
        "> throttled writes",
        "> throttled reads",
        "> invocations that gave up",
        "> functions at once",
    )
    rows += [
        f"| {each.sale.counters} | {each.sale.conflict_units:.0f} units "
        f"| {each.orders:,} | {each.sold:,} | {each.out_of_stock:,} | {each.held:,} "
        f"| {each.last_sold_at:.1f} s | {each.conflicts:,} | {each.throttled_writes:,} "
        f"| {each.throttled_reads:,} | {each.gave_up:,} | {each.peak_functions:,.0f} |"
        for each in sales
    ]
    return rows


def assumption_rows(assumed: Iterable[tuple[Sale, float]]) -> list[str]:
    """Return what one counter sells under each assumption."""
    rows = _head(
        "> a transaction holds its item for",
        "> a conflict takes",
        "> one counter sells, and nothing gives up",
    )
    rows += [
        f"| {sale.hold_millis:.0f} ms | {sale.conflict_units:.0f} units | {rate:,.0f} a second |"
        for sale, rate in assumed
    ]
    return rows


def source_rows() -> list[str]:
    """Return the quotas with their sources."""
    rows = _head("> default", "unit", "raised in Service Quotas as", "source")
    rows += [
        f"| {each.value:,.0f} | {each.unit} | {each.console or _NOT_RAISED} | [page]({each.source}) |"
        for each in quotas().quotas.values()
    ]
    return rows


def stated_rows() -> list[str]:
    """Return what is stated, with its reason."""
    rows = _head("> stated", "also tried", "why")
    for each in quotas().stated.values():
        others = ", ".join(f"{other:.0f}" for other in each.others) or "-"
        rows.append(f"| {each.value:.0f} {each.unit} | {others} | {each.reason} |")
    return rows


def _head(*columns: str) -> list[str]:
    """Return the first two rows; a column that begins with `> ` has numbers."""
    names = " | ".join(column.removeprefix("> ") for column in columns)
    lines = "|".join("---:" if column.startswith("> ") else "---" for column in columns)
    return [f"| {names} |", f"|{lines}|"]


def _rate_row(rate: float, path: OrderPath, limit: Limit) -> str:
    needed = rate * path.units()[limit.resource]
    binds = limit.orders_per_second(path)
    note = f"binds at {binds:,.0f}" if binds < rate else "just enough"
    where = limit.raised_by or _NOT_RAISED
    return f"| {rate:,} | {limit.name}: {note} | {limit.per_second:,.0f} | {needed:,.0f} | {where} |"


def _is_near(rate: float, path: OrderPath, limit: Limit) -> bool:
    return limit.orders_per_second(path) < _RESERVE * rate


def _units(path: OrderPath, limit: Limit) -> str:
    units = path.units()[limit.resource]
    return f"{units:.3f} s" if limit.resource is Resource.EXECUTIONS else f"{units:g}"


def _marked(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<=<!-- make scaling: {name} -->\n).*?(?=<!-- end -->)", re.DOTALL)
