"""From which counters of a product an order takes."""

from collections.abc import Sequence
from zlib import crc32

from handlers.domain.reservation import Share


def spread(order_id: str, attempt: int, among: int) -> int:
    """Return a number below `among`: another one for most other orders, the same for this one again.

    Python's hash() of a text differs between processes.
    """
    return crc32(f"{attempt}/{order_id}".encode()) % among


def shares_of(quantity: int, available: Sequence[int], choice: int) -> tuple[Share, ...]:
    """Divide a quantity among counters with this stock; nothing when their sum is short.

    One counter that has enough is better than several, as each is one more write. `choice` says which.
    """
    enough = [counter for counter, left in enumerate(available) if left >= quantity]
    if enough:
        return (Share(counter=enough[choice % len(enough)], quantity=quantity),)
    shares: list[Share] = []
    missing = quantity
    # The fullest ones first: those are the fewest.
    for counter in sorted(range(len(available)), key=lambda each: available[each], reverse=True):
        taken = min(missing, available[counter])
        if taken <= 0:
            break
        shares.append(Share(counter=counter, quantity=taken))
        missing -= taken
    return () if missing else tuple(shares)
