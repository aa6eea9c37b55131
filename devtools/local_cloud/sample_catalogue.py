"""The products of a new local cloud: prices in US cents, one product sold out."""

from typing import Final

from orderctl.products import Product

_PLENTY: Final = 1_000

SAMPLE_CATALOGUE: Final = tuple(
    Product(product_id=product_id, name=name, unit_price=unit_price, available=available)
    for product_id, name, unit_price, available in (
        ("85123A", "White hanging heart T-light holder", 255, _PLENTY),
        ("71053", "White metal lantern", 339, _PLENTY),
        ("84406B", "Cream cupid hearts coat hanger", 275, _PLENTY),
        ("84029G", "Knitted Union flag hot water bottle", 339, _PLENTY),
        ("84029E", "Red woolly hottie white heart", 339, _PLENTY),
        ("22752", "Set of 7 babushka nesting boxes", 765, 200),
        ("21730", "Glass star frosted T-light holder", 425, 200),
        ("22633", "Hand warmer Union Jack", 185, _PLENTY),
        ("22632", "Hand warmer red polka dot", 185, _PLENTY),
        ("84879", "Assorted colour bird ornament", 169, _PLENTY),
        ("22745", "Poppy's playhouse bedroom", 210, 12),
        ("22748", "Poppy's playhouse kitchen", 210, 0),
    )
)
