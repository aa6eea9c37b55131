"""From which counters of a product an order takes."""

from collections import Counter
from uuid import UUID, uuid5

import pytest

from handlers.contract.names import MAX_QUANTITY
from handlers.domain.counter_choice import shares_of, spread
from handlers.domain.reservation import Share

ORDER = UUID("6a9e8d0c-6f0e-4c43-9a53-0d8a0f7c2b11")


def test_the_same_order_always_gets_the_same_counter() -> None:
    assert [spread(str(ORDER), attempt, 10) for attempt in range(4)] == [8, 2, 7, 5]


@pytest.mark.parametrize("counters", [2, 3, 10, 50])
def test_orders_spread_evenly_over_the_counters(counters: int) -> None:
    found = Counter(spread(str(uuid5(ORDER, str(number))), 0, counters) for number in range(20_000))

    assert len(found) == counters
    assert max(found.values()) < 1.3 * 20_000 / counters


def test_one_counter_that_has_enough_is_preferred() -> None:
    assert {shares_of(5, [4, 5, 9, 5], choice) for choice in range(9)} == {
        (Share(counter=counter, quantity=5),) for counter in (1, 2, 3)
    }


def test_few_counters_are_taken_from_when_none_has_enough() -> None:
    assert shares_of(MAX_QUANTITY, [1, 6_000, 0, 9_000], 0) == (
        Share(counter=3, quantity=9_000),
        Share(counter=1, quantity=1_000),
    )


def test_exactly_what_is_there_can_be_taken() -> None:
    assert sum(share.quantity for share in shares_of(6, [1, 2, 3], 0)) == 6


@pytest.mark.parametrize("available", [[], [0, 0], [1, 2, 2], [-3, 5, 0]])
def test_nothing_is_taken_when_the_sum_is_short(available: list[int]) -> None:
    assert shares_of(6, available, 0) == ()
