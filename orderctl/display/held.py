"""Says where the messages of held orders wait, and how the orders go on."""

from orderctl.stack import QUEUES


def held_advice(count: int, broken: str, options: str) -> str:
    """Say what to do about orders on hold; `broken` is their reason, `options` are those of the stack."""
    orders = "1 order is held" if count == 1 else f"{count} orders are held"
    if broken not in QUEUES:
        where, queue = "without a message", "all"
    else:
        where, queue = f"on the {broken} queue, see `orderctl dlq list {broken}{options}`", broken
    return f"{orders} ({broken}), {where}. Fix the cause, then run `orderctl dlq redrive {queue}{options}`."
