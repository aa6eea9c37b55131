"""What a function loads before its first request. `make bench-cold` measures how long that takes."""

import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from typing import Final

import pytest

# Every handler writes a log, knows the errors of AWS, and reads records.
_EVERY: Final = {"attributes", "aws", "dynamodb", "operation_log"}
_STEP: Final = _EVERY | {"fault_injection", "metrics", "orders_table", "step_records"}
ADAPTERS: Final = {
    "orders": _EVERY | {"catalogue", "event_bus", "metrics", "orders_table", "time_budget"},
    "inventory": _STEP | {"inventory_table", "stock_counters", "time_budget", "transactions"},
    "payment": _STEP | {"gateways", "gateways.choice", "gateways.simulated", "payment_records"},
    "notification": _STEP | {"notification_records", "notification_topic"},
    "sweeper": _EVERY
    | {"delivery_queue", "event_bus", "metrics", "open_orders", "orders_table", "time_budget"},
    "eraser": _EVERY | {"expired_contacts", "time_budget"},
    "metrics": _EVERY | {"metrics", "table_changes"},
}
CLIENTS: Final = {
    "orders": {"dynamodb", "events"},
    "inventory": {"dynamodb"},
    "payment": {"dynamodb"},
    "notification": {"dynamodb", "sns"},
    "sweeper": {"dynamodb", "events", "sqs"},
    "eraser": {"dynamodb"},
    "metrics": set(),
}
# botocore, Powertools, and what these two load.
PACKAGES: Final = {
    "handlers",
    "aws_lambda_powertools",
    "botocore",
    *("certifi", "dateutil", "jmespath", "six", "typing_extensions", "urllib3"),
}
# They take long to load. With boto3 comes s3transfer, and multiprocessing.
REFUSED: Final = {
    "boto3",
    "s3transfer",
    *("asyncio", "multiprocessing", "unittest", "pydoc", "sqlite3", "xmlrpc", "ctypes"),
    "aws_lambda_powertools.event_handler",
    "aws_lambda_powertools.utilities.data_classes",
    "pydantic",
}


# The orders function has Powertools' router, and with it the events of other services, and asyncio.
ROUTER: Final = {
    "asyncio",
    "aws_lambda_powertools.event_handler",
    "aws_lambda_powertools.utilities.data_classes",
}


def loaded(code: str, **environment: str) -> set[str]:
    """Run code in a fresh interpreter that knows no Region; return the modules that it loaded."""
    # What start-up files of other packages load does not count.
    script = "import sys\nbefore = set(sys.modules)\n" + code
    script += "\nprint(*(set(sys.modules) - before), sep='\\n')"
    ran = subprocess.run(  # noqa: S603  our own code
        [sys.executable, "-c", script],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(ran.stdout.split())


def clients_made(handler: str) -> str:
    """Return the code that loads a handler and tells the clients that it makes, beside its modules."""
    return (
        "import botocore.session, gc\n"
        "made = []\n"
        "def make(session, service, **options):\n"
        "    made.append(service)\n"
        "botocore.session.Session.create_client = make\n"
        f"import handlers.{handler}\n"
        "print(*(f'client:{service}' for service in made), f'frozen:{gc.get_freeze_count() > 0}', sep='\\n')"
    )


@pytest.fixture(scope="module")
def loaded_elsewhere() -> Callable[[str], set[str]]:
    """What a handler loads that is not on Lambda."""
    return cache(lambda handler: loaded(clients_made(handler)))


@pytest.mark.parametrize("handler", ADAPTERS)
def test_a_handler_loads_only_its_own_adapters_and_two_libraries(
    loaded_elsewhere: Callable[[str], set[str]], handler: str
) -> None:
    modules = {name for name in loaded_elsewhere(handler) if ":" not in name}

    packages = {module.partition(".")[0] for module in modules} - sys.stdlib_module_names
    adapters = {
        module.removeprefix("handlers.adapters.")
        for module in modules
        if module.startswith("handlers.adapters.")
    }
    assert packages <= PACKAGES
    assert adapters == ADAPTERS[handler]
    assert {module for module in ADAPTERS if f"handlers.{module}" in modules} == {handler}
    assert not modules & (REFUSED - ROUTER if handler == "orders" else REFUSED)


@pytest.mark.parametrize("handler", ADAPTERS)
def test_lambda_has_all_clients_of_a_handler_before_the_first_request(
    loaded_elsewhere: Callable[[str], set[str]], handler: str
) -> None:
    on_lambda = loaded(clients_made(handler), AWS_LAMBDA_INITIALIZATION_TYPE="on-demand")
    elsewhere = loaded_elsewhere(handler)

    assert {name for name in on_lambda if name.startswith("client:")} == {
        f"client:{service}" for service in CLIENTS[handler]
    }
    assert not any(name.startswith("client:") for name in elsewhere)
    # The function metrics has no clients.
    assert ("frozen:True" in on_lambda) == bool(CLIENTS[handler])
    assert "frozen:False" in elsewhere


def test_making_a_real_client_loads_no_more_packages() -> None:
    modules = loaded(
        "from handlers.adapters.aws import client\nclient('dynamodb')\nclient('events')\nclient('sns')",
        AWS_DEFAULT_REGION="eu-central-1",
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",
    )

    assert {module.partition(".")[0] for module in modules} - sys.stdlib_module_names <= PACKAGES
    assert not modules & REFUSED


def test_a_stage_without_stripe_does_not_load_its_gateway() -> None:
    modules = loaded(
        "from handlers.adapters.gateways.choice import payment_gateway\n"
        "payment_gateway({'PAYMENT_GATEWAY': 'simulated'})"
    )

    assert not any("stripe" in module for module in modules)
