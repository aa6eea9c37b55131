"""What an order and a list use does not depend on the stored orders; `make bench-growth` has the times."""

import pytest

from devtools.cost.deployed import DeployedStack
from devtools.growth.measuring import list_figures, order_usage
from devtools.growth.stored import StoredOrders
from devtools.local_cloud.folder import Folder
from orderctl.stack import Stack

_FEW, _MANY = 20, 400


@pytest.fixture(scope="module")
def deployed(local_stack: Stack, local_folder: Folder) -> DeployedStack:
    return DeployedStack(local_stack, local_folder.requests_file)


@pytest.fixture(scope="module")
def stored(local_stack: Stack) -> StoredOrders:
    return StoredOrders(local_stack)


def test_with_more_stored_orders_an_order_and_every_list_use_the_same(
    deployed: DeployedStack, stored: StoredOrders
) -> None:
    stored.grow_to(_FEW)
    order, lists = order_usage(deployed, lines=3), list_figures(deployed, stored=0)

    stored.grow_to(_MANY)

    assert order_usage(deployed, lines=3) == order
    assert list_figures(deployed, stored=0) == lists


def test_more_lines_make_no_more_calls_and_units_grow_by_the_line(deployed: DeployedStack) -> None:
    one, ten, most = (order_usage(deployed, lines=lines) for lines in (1, 10, 98))

    assert one.calls == ten.calls == most.calls
    # A product is read in a BatchGetItem and written in a transaction: half a unit, and two.
    assert ten.read_units - one.read_units == pytest.approx(0.5 * 9)
    assert ten.write_units - one.write_units >= 2 * 9
    assert (most.write_units - ten.write_units) / 88 == pytest.approx(
        (ten.write_units - one.write_units) / 9, rel=0.15
    )
