"""What a run costs at most."""

from typing import Final

# tests/deployed/order_budget.py fails the test that places one more.
MOST_TEST_ORDERS: Final = 300
# Where the report of pytest has their number.
ORDERS_PROPERTY: Final = "orders"
# At the list prices of us-east-1 in November 2026, without the free tier, a million confirmed orders cost
# about 45 USD: API Gateway, functions, execution, events, tables, logs and traces. An order whose service is
# down is tried and logged more often, and other Regions cost more. So an order counts more than twice here.
USD_PER_MILLION_ORDERS: Final = 100
# The requests of the tests themselves, and an asset of some 100 KB in the bucket of the CDK.
USD_FOR_THE_REST: Final = 0.01


def most_usd(orders: int) -> float:
    """Return the dollars of a run with this many orders. Nothing that is deployed costs by the hour."""
    return orders * USD_PER_MILLION_ORDERS / 1_000_000 + USD_FOR_THE_REST
