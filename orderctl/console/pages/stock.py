"""The page of the stock: products, prices, and what is left of each, live; an operator can set it."""

import asyncio
import hashlib
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from botocore.exceptions import BotoCoreError, ClientError
from sse_starlette import EventSourceResponse
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from handlers.contract.names import MAX_AVAILABLE
from orderctl.console.actions import Form, is_part, part, post
from orderctl.console.context import Console, Headline, console_of
from orderctl.console.rendering import page, render
from orderctl.errors import OperatorError
from orderctl.products import Product, ProductsTable
from orderctl.stack import Stack

ROWS: Final = 200
_LOCAL_SECONDS: Final = 1.0
_AWS_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.5
# Below this a product is marked: 1 % of the largest quantity that an order can have.
LOW: Final = 100
_MOST_SOUGHT: Final = 100
_MOST_DIGITS: Final = 9


class Products:
    """The products of a stack, kept for some seconds; `known` are those of the last read.

    A read is a Scan: one call for every megabyte, which is about 10,000 products.
    """

    def __init__(self, stack: Stack, clock: Callable[[], float] = time.monotonic) -> None:
        self.table = ProductsTable(stack)
        self.seconds = _LOCAL_SECONDS if stack.endpoint_url else _AWS_SECONDS
        self._clock = clock
        self._lock = threading.Lock()
        self.known: list[Product] = []
        self._until = clock()

    def all(self) -> list[Product]:
        """Return all products, sorted by id."""
        with self._lock:
            if self._clock() >= self._until:
                self.known = self.table.all()
                self._until = self._clock() + self.seconds
            return self.known

    def forget(self) -> None:
        """Let the next page read them again."""
        with self._lock:
            self._until = self._clock()

    def one(self, product_id: str) -> Product:
        """Read one product as it is now; raise OperatorError when there is none."""
        found = self.table.find([product_id]).get(product_id)
        if found is None:
            raise OperatorError(f"There is no product {product_id}", what_to_do="Read the list again.")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class StockFilter:
    """What the list is limited to, as its address says it; `low` puts the lowest stock first."""

    sought: str
    low: bool
    number: int

    @classmethod
    def from_request(cls, request: Request) -> "StockFilter":
        """Read the address; what makes no sense is no limit."""
        query = request.query_params
        number = query.get("page", "")
        is_number = number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS
        return cls(
            sought=query.get("q", "").strip()[:_MOST_SOUGHT],
            low=query.get("low") == "1",
            number=max(1, int(number)) if is_number else 1,
        )

    def query(self, *, low: bool | None = None, number: int = 1) -> str:
        """Return the address of the same list in another order, or of another page of it."""
        fields = {
            "q": self.sought,
            "low": "1" if (self.low if low is None else low) else "",
            "page": str(number) if number > 1 else "",
        }
        return urlencode({name: value for name, value in fields.items() if value})

    def of(self, products: Sequence[Product]) -> list[Product]:
        """Return those products that fit, in the order of the list."""
        sought = self.sought.casefold()
        fit = [
            each
            for each in products
            if sought in each.product_id.casefold() or sought in each.name.casefold()
        ]
        return sorted(fit, key=lambda each: each.available) if self.low else fit

    def pages(self, fit: Sequence[Product]) -> int:
        """Return how many pages those that fit have."""
        return max(1, -(-len(fit) // ROWS))

    def shown(self, fit: Sequence[Product]) -> Sequence[Product]:
        """Return those of this page; a page past the end is the last one."""
        first = (min(self.number, self.pages(fit)) - 1) * ROWS
        return fit[first : first + ROWS]


def products_of(request: Request) -> Products:
    """Return the products of the console."""
    products: Products = request.app.state.products
    return products


def _page(request: Request) -> Response:
    products, chosen = products_of(request), StockFilter.from_request(request)
    everything = products.all()
    fit = chosen.of(everything)
    number = min(chosen.number, chosen.pages(fit))
    return page(
        request,
        "stock_list.html" if is_part(request) else "stock.html",
        chosen=chosen,
        shown=chosen.shown(fit),
        ids=_digest(chosen.shown(fit)),
        first=(number - 1) * ROWS + 1,
        found=len(fit),
        number=number,
        pages=chosen.pages(fit),
        total=len(everything),
        sold_out=_sold_out(everything),
        low=LOW,
        seconds=products.seconds,
    )


async def _live(request: Request) -> Response:
    """Send what is left of the products of a page, when that has changed. `ids` says which ones it has."""
    products, chosen = products_of(request), StockFilter.from_request(request)
    ids = request.query_params.get("ids", "")
    return EventSourceResponse(_changes(console_of(request), products, chosen, ids), ping=15)


async def _changes(
    console: Console, products: Products, chosen: StockFilter, ids: str
) -> AsyncIterator[dict[str, str]]:
    """Yield the products whose stock has changed; the first message has all those of the page.

    A browser connects again by itself, and other products can belong on the page by then: what the page does
    not have is not sent.
    """
    on_page: set[str] = set()
    sent: dict[str, int] = {}
    told: object = None
    with console.live.watched():
        while not console.live.is_stopped:
            everything = await asyncio.to_thread(_read_or_known, products)
            belong = chosen.shown(chosen.of(everything))
            is_another_page = _digest(belong) != ids
            if not is_another_page:
                on_page = {each.product_id for each in belong}
            changed = [
                each
                for each in everything
                if each.product_id in on_page and sent.get(each.product_id) != each.available
            ]
            about = {
                "headline": Headline.of(console),
                "sold_out": _sold_out(everything),
                "is_another_page": is_another_page,
            }
            if changed or about != told:
                told = about
                sent |= {each.product_id: each.available for each in changed}
                values = {"console": console, "chosen": chosen, "low": LOW, "changed": changed}
                yield {"event": "stock", "data": render("stock_changes.html", **values, **about)}
            await asyncio.sleep(_LOOK_SECONDS)


def _digest(products: Sequence[Product]) -> str:
    """Return a text that says which products these are, in any order."""
    ids = "\n".join(sorted(each.product_id for each in products))
    return hashlib.sha256(ids.encode()).hexdigest()[:16]


def _read_or_known(products: Products) -> Sequence[Product]:
    """Read the products; while they can't be read, return the last ones. The page says why from elsewhere."""
    try:
        return products.all()
    except (ClientError, BotoCoreError, OperatorError):
        return products.known


def _product(request: Request) -> Response:
    """Show the form that sets the stock of a product."""
    if not is_part(request):
        return RedirectResponse(
            f"/stock?{urlencode({'q': request.path_params['product_id']})}", status_code=303
        )
    product = products_of(request).one(request.path_params["product_id"])
    return page(request, "stock_product.html", product=product, most=MAX_AVAILABLE)


def _set(request: Request, form: Form) -> Response:
    """Set the stock of a product. It says what that does first, and does it when that is confirmed."""
    products = products_of(request)
    wanted = _quantity(form.text("available"))
    product = products.one(request.path_params["product_id"])
    confirmed = form.text("confirmed")
    if confirmed != str(product.available):
        changed = confirmed if confirmed.isdigit() else ""
        return page(request, "stock_confirm.html", product=product, wanted=wanted, changed_from=changed)
    changed_to = products.table.set(product.product_id, available=wanted)
    products.forget()
    return page(
        request,
        "stock_done.html",
        product=changed_to,
        before=product.available,
        low=LOW,
        sold_out=_sold_out(products.all()),
    )


def _sold_out(products: Sequence[Product]) -> int:
    return sum(not product.available for product in products)


def _quantity(text: str) -> int:
    is_number = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
    if not is_number or int(text) > MAX_AVAILABLE:
        raise OperatorError(
            "That is no quantity", what_to_do=f"Give a whole number from 0 to {MAX_AVAILABLE:,}."
        )
    return int(text)


ROUTES: Final = [
    Route("/stock", _page),
    Route("/live/stock", _live),  # not below /stock, where every name can be a product
    part("/stock/{product_id}", _product),
    post("/stock/{product_id}", _set),
]
