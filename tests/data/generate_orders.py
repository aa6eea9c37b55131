"""Writes orders.csv: generated orders that resemble a real day of a small wholesale shop.

Run `python tests/data/generate_orders.py` to write the file again; its content is always the same.
"""

from itertools import product
from pathlib import Path
from random import Random

FILE = Path(__file__).with_name("orders.csv")
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
INVOICES = 70
FIRST_INVOICE = 700101
GUESTS = 0.2
REDUCED = 0.02
SEED = 2047

Product = tuple[str, str, str]  # stock code, description, price


def catalogue(draw: Random) -> list[Product]:
    names = product(
        ("BLUE", "GREEN", "STRIPED", "DOTTED", "PLAIN", "WALNUT"),
        ("ENAMEL", "LINEN", "GLASS", "TIN", "CLAY"),
        ("MUG", "TEAPOT", "LANTERN", "COASTER", "JAR, LARGE", "HOOK"),
    )
    prices = ("0.29", "0.42", "0.85", "1.25", "1.65", "2.1", "2.55", "3.75", "4.95", "7.95", "12.75")
    return [
        (f"{21000 + 7 * number}{draw.choice(('', '', 'A', 'B'))}", " ".join(words), draw.choice(prices))
        for number, words in enumerate(names)
    ]


def line(invoice: str, bought: Product, quantity: int, minute: int, customer: str) -> str:
    code, name, price = bought
    quoted = f'"{name}"' if "," in name else name
    at = f"2026-03-02 {8 + minute // 60:02}:{minute % 60:02}:00"
    return f"{invoice},{code},{quoted},{quantity},{at},{price},{customer},Freedonia"


def invoice(draw: Random, number: int, products: list[Product]) -> list[str]:
    """Half of the baskets have at most 8 products, a tenth has more than 40; most have the first products."""
    size = min(130, max(1, round(draw.lognormvariate(2.08, 1.3))))
    drawn = sorted(enumerate(products), key=lambda ranked: -(draw.random() ** (ranked[0] + 8)))
    basket = [bought for _, bought in drawn[:size]]
    customer = "" if draw.random() < GUESTS else f"{draw.randint(30001, 30025)}.0"
    return [
        line(
            str(FIRST_INVOICE + number),
            at_current_price(draw, bought),
            draw.choice((1, 2, 3, 4, 6, 6, 10, 12, 24, 48)),
            7 * number,
            customer,
        )
        for bought in [*basket, *(basket[:1] if number % 10 == 0 else [])]
    ]


def at_current_price(draw: Random, bought: Product) -> Product:
    code, name, _ = bought
    return (code, name, "0.19") if draw.random() < REDUCED else bought


def cancellation(of: str, number: int) -> str:
    fields = of.split(",")
    return ",".join([f"C{FIRST_INVOICE + INVOICES + number}", *fields[1:-5], f"-{fields[-5]}", *fields[-4:]])


BROKEN = (
    b"700900,21000,BLUE ENAMEL MUG,0,2026-03-02 16:10:00,2.55,30001.0,Freedonia",
    b"700901,21007,,12,2026-03-02 16:11:00,0.0,,Freedonia",
    b"700902,21014,BLUE ENAMEL LANTERN,20000,2026-03-02 16:12:00,1.25,30002.0,Freedonia",
    b"700903,POSTAGE PAID,POSTAGE,1,2026-03-02 16:13:00,18,30003.0,Freedonia",
    b"700904,21021,BLUE ENAMEL COASTER,six,2026-03-02 16:14:00,0.85,30004.0,Freedonia",
    b"700905,21021,BLUE ENAMEL COASTER,6",
    b'700906,21028,"BLUE ENAMEL JAR, LARGE,6,2026-03-02 16:16:00,4.95,30005.0,Freedonia',
    b"700907,21035,CAF\xc9 HOOK,6,2026-03-02 16:17:00,1.65,30006.0,Freedonia",
    b"700908,21035,BLUE ENAMEL HOOK,6,2026-03-02 16:18:00,1.655,30006.0,Freedonia",
)


def content() -> bytes:
    draw = Random(SEED)  # noqa: S311  nothing secret
    products = catalogue(draw)
    baskets = [invoice(draw, number, products) for number in range(INVOICES)]
    cancelled = [cancellation(of=basket[0], number=number) for number, basket in enumerate(baskets[5::16])]
    lines = [written.encode() for basket in baskets for written in basket]
    for index, other_line in enumerate([*BROKEN, *(written.encode() for written in cancelled)]):
        lines.insert(40 + 61 * index, other_line)
    return b"\n".join([HEADER.encode(), *lines, b""])


if __name__ == "__main__":
    FILE.write_bytes(content())
