"""The page of the stock: products, prices, what is sold out; the stock of a product can be set."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from handlers.contract.clock import utc_now
from handlers.contract.names import MAX_AVAILABLE
from orderctl.console.actions import Form, is_part, part, post
from orderctl.console.rendering import page
from orderctl.errors import OperatorError
from orderctl.products import Product, ProductsTable
from orderctl.stack import Stack

ROWS: Final = 200
_KEPT_SECONDS: Final = 5.0
# Below this a product is marked: 1 % of the largest quantity that an order can have.
LOW: Final = 100
_MOST_SOUGHT: Final = 100
_MOST_DIGITS: Final = 9


class Products:
    """The products of a stack, kept for some seconds.

    A read is a Scan: one call for every megabyte, which is about 10,000 products.
    """

    def __init__(self, stack: Stack, clock: Callable[[], float] = time.monotonic) -> None:
        self.table = ProductsTable(stack)
        self._clock = clock
        self._lock = threading.Lock()
        self._products: list[Product] = []
        self._until = clock()
        self.read_at = utc_now()

    def all(self) -> list[Product]:
        """Return all products, sorted by id."""
        with self._lock:
            if self._clock() >= self._until:
                self._products = self.table.all()
                self.read_at = utc_now()
                self._until = self._clock() + _KEPT_SECONDS
            return self._products

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


def products_of(request: Request) -> Products:
    """Return the products of the console."""
    products: Products = request.app.state.products
    return products


def _page(request: Request) -> Response:
    products, chosen = products_of(request), StockFilter.from_request(request)
    everything = products.all()
    fit = chosen.of(everything)
    pages = max(1, -(-len(fit) // ROWS))
    first = (min(chosen.number, pages) - 1) * ROWS
    return page(
        request,
        "stock_list.html" if is_part(request) else "stock.html",
        chosen=chosen,
        shown=fit[first : first + ROWS],
        first=first + 1,
        found=len(fit),
        number=min(chosen.number, pages),
        pages=pages,
        total=len(everything),
        sold_out=_sold_out(everything),
        low=LOW,
        read_at=products.read_at,
    )


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
    part("/stock/{product_id}", _product),
    post("/stock/{product_id}", _set),
]
