"""The Lambda functions: their runtime, environment, package and timeouts."""

import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

import infrastructure.functions
from devtools.asl.definition import read_definition
from devtools.templates import template
from handlers.adapters.aws import CONFIG
from infrastructure.config import StageConfig
from orderctl.deployed_workflow import function_of, states
from tests.infrastructure.resources import function, of_type, published

_REPOSITORY: Final = Path(__file__).parents[2]
_SERVICES: Final = ("orders", "inventory", "payment", "notification", "sweeper", "metrics")
_API_GATEWAY_WAITS_SECONDS: Final = 29


def test_every_service_has_one_function(dev_template: dict[str, Any]) -> None:
    handlers = {each["Handler"] for each in of_type(dev_template, "AWS::Lambda::Function").values()}

    assert handlers == {f"handlers.{service}.handler" for service in _SERVICES}


@pytest.mark.parametrize("service", _SERVICES)
def test_a_handler_is_a_module_of_the_package(service: str) -> None:
    assert find_spec(f"handlers.{service}") is not None


@pytest.mark.parametrize("service", _SERVICES)
def test_a_function_runs_on_arm_with_json_logs(dev_template: dict[str, Any], service: str) -> None:
    properties = function(dev_template, service)

    assert properties["Runtime"] == "python3.13"
    assert properties["Architectures"] == ["arm64"]
    assert properties["MemorySize"] == 512
    assert properties["LoggingConfig"]["LogFormat"] == "JSON"
    # No lines of Lambda that say that an invocation began and ended well.
    assert properties["LoggingConfig"]["SystemLogLevel"] == "WARN"
    # The lines with metrics have no level, and count as INFO.
    assert properties["LoggingConfig"].get("ApplicationLogLevel", "INFO") == "INFO"


@pytest.mark.parametrize(("stage", "days"), [("dev_template", 14), ("prod_template", 90)])
def test_logs_expire(request: pytest.FixtureRequest, stage: str, days: int) -> None:
    groups = of_type(request.getfixturevalue(stage), "AWS::Logs::LogGroup")

    assert {group["RetentionInDays"] for group in groups.values()} == {days}


def test_functions_have_the_powertools_version_of_the_tests(dev_template: dict[str, Any]) -> None:
    pinned = next(
        pin.removeprefix("aws-lambda-powertools==")
        for pin in tomllib.loads((_REPOSITORY / "pyproject.toml").read_text())["project"]["dependencies"]
        if pin.startswith("aws-lambda-powertools==")
    )

    for service in _SERVICES:
        (layer,) = function(dev_template, service)["Layers"]
        parameter = dev_template["Parameters"][layer["Ref"]]

        assert parameter["Type"] == "AWS::SSM::Parameter::Value<String>"
        assert parameter["Default"] == f"/aws/service/powertools/python/arm64/python3.13/{pinned}"


def test_a_function_has_the_environment_variables_that_it_reads(dev_template: dict[str, Any]) -> None:
    orders_table = {"Ref": published(dev_template, "OrdersTableName")}
    inventory_table = {"Ref": published(dev_template, "InventoryTableName")}
    # The other topic is that of the operators, under a key of its own.
    (topic_id,) = (
        id_
        for id_, each in of_type(dev_template, "AWS::SNS::Topic").items()
        if each["KmsMasterKeyId"] == "alias/aws/sns"
    )

    environments = {service: _own_environment(dev_template, service) for service in _SERVICES}

    assert environments == {
        "orders": {
            "ORDERS_TABLE": orders_table,
            "INVENTORY_TABLE": inventory_table,
            "EVENT_BUS": {"Ref": published(dev_template, "EventBusName")},
            "CURRENCY": "USD",
            "ORDER_ID_NAMESPACE": {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]},
            "CANCEL_CONFIRMED_SECONDS": "86400",
            "CONSOLE_DOMAIN": "console.aws.amazon.com",
        },
        "inventory": {"ORDERS_TABLE": orders_table, "INVENTORY_TABLE": inventory_table},
        "payment": {"ORDERS_TABLE": orders_table, "PAYMENT_GATEWAY": "simulated"},
        "notification": {"ORDERS_TABLE": orders_table, "TOPIC_ARN": {"Ref": topic_id}},
        "sweeper": {
            "ORDERS_TABLE": orders_table,
            "EVENT_BUS": {"Ref": published(dev_template, "EventBusName")},
            "DELIVERY_DLQ_URL": {"Ref": published(dev_template, "DeliveryDlqUrl")},
            "SWEEP_AFTER_SECONDS": "360",
            "SWEEP_MAX_ATTEMPTS": "5",
            "HOLD_EXPIRES_AFTER_SECONDS": "518400",
        },
        "metrics": {},
    }


def _own_environment(template_: dict[str, Any], service: str) -> dict[str, Any]:
    variables = function(template_, service)["Environment"]["Variables"]
    assert variables["POWERTOOLS_SERVICE_NAME"] == service
    assert variables["POWERTOOLS_LOG_LEVEL"] == "INFO"
    assert variables["STAGE"] == "dev"
    common = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_LOG_LEVEL", "STAGE"}
    return {name: value for name, value in variables.items() if name not in common}


def test_stripe_and_another_currency_reach_the_functions_that_need_them(
    template_with_options: dict[str, Any],
) -> None:
    payment = _own_environment(template_with_options, "payment")

    assert payment["PAYMENT_GATEWAY"] == "stripe"
    assert payment["STRIPE_SECRET_ARN"].endswith(":secret:stripe-AbCdEf")
    assert _own_environment(template_with_options, "orders")["CURRENCY"] == "EUR"


def test_the_times_of_cancellations_reach_the_functions_that_need_them(
    template_with_options: dict[str, Any],
) -> None:
    orders = _own_environment(template_with_options, "orders")
    sweeper = _own_environment(template_with_options, "sweeper")

    assert (orders["CANCEL_CONFIRMED_SECONDS"], sweeper["HOLD_EXPIRES_AFTER_SECONDS"]) == ("0", "5400")
    assert template_with_options["Outputs"]["CancelConfirmedSeconds"]["Value"] == "0"


def test_only_payment_and_sweeper_can_reserve_concurrency(
    dev_template: dict[str, Any], template_with_options: dict[str, Any]
) -> None:
    reserved = {
        service: function(template_with_options, service).get("ReservedConcurrentExecutions")
        for service in _SERVICES
    }

    assert {service: count for service, count in reserved.items() if count} == {"payment": 20, "sweeper": 1}
    assert not any("ReservedConcurrentExecutions" in function(dev_template, each) for each in _SERVICES)


def test_a_caller_waits_longer_than_the_timeout_of_the_callee(dev_template: dict[str, Any]) -> None:
    attempts = CONFIG.retries["total_max_attempts"]
    one_call = (CONFIG.connect_timeout + CONFIG.read_timeout) * attempts
    workflow_waits = min(
        state["TimeoutSeconds"] for _, state in states(read_definition()) if function_of(state)
    )

    for service in ("inventory", "payment", "notification"):
        assert one_call < function(dev_template, service)["Timeout"] < workflow_waits
    assert 2 * one_call < function(dev_template, "orders")["Timeout"] < _API_GATEWAY_WAITS_SECONDS


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary repository whose files can be changed."""
    repository = tmp_path / "repository"
    for name, text in {
        "handlers/__init__.py": "",
        "handlers/orders.py": "from handlers.domain import order\n",
        "handlers/payment.py": "def charge():\n    import handlers.domain.payment\n",
        "handlers/schemas/place_order.schema.json": "{}",
        "handlers/schemas/cancel_order.schema.json": "{}",
        "handlers/schemas/events/placed.schema.json": "{}",
        "handlers/domain/__init__.py": "",
        "handlers/domain/order.py": "from handlers.domain.money import Money",
        "handlers/domain/money.py": "",
        "handlers/domain/payment.py": "",
        # What lies around in a checkout.
        "handlers/.env": "STRIPE_KEY=sk_live",
        "handlers/domain/.env.local": "STRIPE_KEY=sk_live",
        "handlers/orders.py.orig": "a merge left it",
        "handlers/notes.txt": "",
        "handlers/credentials.json": "{}",
        "handlers/__pycache__/orders.cpython-313.pyc": "compiled",
        "handlers/domain/__pycache__/order.cpython-313.pyc": "compiled",
        "orderctl/handlers/orders.py": "not the handler",
        ".venv/lib/handlers/orders.py": "not the handler",
        "README.md": "first",
        "pyproject.toml": (_REPOSITORY / "pyproject.toml").read_text(),
    }.items():
        path = repository / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(infrastructure.functions, "_REPOSITORY", repository)
    return repository


def _assets(outdir: Path, services: Iterable[str] = _SERVICES) -> dict[str, Path]:
    """Synthesize, and return the folder that each function is deployed from."""
    synthesized = template(StageConfig.for_stage(contact_data_days="90"), outdir)
    keys = {service: function(synthesized, service)["Code"]["S3Key"] for service in services}
    return {service: outdir / f"asset.{Path(key).stem}" for service, key in keys.items()}


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.usefixtures("checkout")
def test_a_function_is_deployed_with_what_it_imports_and_with_nothing_else(tmp_path: Path) -> None:
    assets = _assets(tmp_path / "out")

    assert _files(assets["orders"]) == {
        "handlers/__init__.py",
        "handlers/orders.py",
        "handlers/domain/__init__.py",
        "handlers/domain/order.py",
        "handlers/domain/money.py",
        "handlers/schemas/place_order.schema.json",
        "handlers/schemas/cancel_order.schema.json",
    }
    assert _files(assets["payment"]) == {
        "handlers/__init__.py",
        "handlers/payment.py",
        "handlers/domain/__init__.py",
        "handlers/domain/payment.py",
    }


def test_a_function_is_deployed_again_only_when_its_code_changes(tmp_path: Path, checkout: Path) -> None:
    before = _assets(tmp_path / "before")

    (checkout / "README.md").write_text("second")
    (checkout / "handlers" / "__pycache__" / "orders.cpython-313.pyc").write_text("compiled again")
    after_other_changes = _assets(tmp_path / "other")
    (checkout / "handlers" / "domain" / "money.py").write_text("Money = int")
    after_money_changed = _assets(tmp_path / "money")

    assert after_other_changes["orders"].name == before["orders"].name
    assert after_money_changed["orders"].name != before["orders"].name
    assert after_money_changed["payment"].name == before["payment"].name


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folder that each function is really deployed from."""
    return _assets(tmp_path_factory.mktemp("packages"), (*_SERVICES, "eraser"))


@pytest.mark.parametrize("service", [*_SERVICES, "eraser"])
def test_a_package_has_at_most_60_kilobytes(packages: dict[str, Path], service: str) -> None:
    zipped = BytesIO()
    with ZipFile(zipped, "w", ZIP_DEFLATED) as package:
        for file in packages[service].rglob("*"):
            package.write(file, file.relative_to(packages[service]))

    assert len(zipped.getvalue()) <= 60_000


@pytest.mark.parametrize("service", [*_SERVICES, "eraser"])
def test_every_module_of_a_package_is_loaded_from_it(packages: dict[str, Path], service: str) -> None:
    folder = packages[service]
    modules = [file.removesuffix(".py").replace("/", ".") for file in _files(folder) if file.endswith(".py")]
    imports = [f"import {module.removesuffix('.__init__')}" for module in sorted(modules)]
    shown = "print(*(each.__file__ for name, each in sys.modules.items() if name.startswith('handlers')))"

    # What the package lacks would be found in the checkout, where the tests run.
    ran = subprocess.run(  # noqa: S603  our own code
        [sys.executable, "-c", "\n".join(["import sys", *imports, shown])],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )

    assert len(ran.stdout.split()) == len(modules)
    assert {Path(file).is_relative_to(folder) for file in ran.stdout.split()} == {True}


def test_api_gateway_invokes_the_snapshot_of_a_stage_that_has_one(
    template_with_options: dict[str, Any], dev_template: dict[str, Any]
) -> None:
    ((alias_id, alias),) = of_type(template_with_options, "AWS::Lambda::Alias").items()
    orders = next(
        name
        for name, each in of_type(template_with_options, "AWS::Lambda::Function").items()
        if each["Handler"] == "handlers.orders.handler"
    )
    permissions = of_type(template_with_options, "AWS::Lambda::Permission").values()
    of_api = [each for each in permissions if each["Principal"] == "apigateway.amazonaws.com"]
    methods = of_type(template_with_options, "AWS::ApiGateway::Method").values()

    assert function(template_with_options, "orders")["SnapStart"] == {"ApplyOn": "PublishedVersions"}
    assert alias["FunctionName"] == {"Ref": orders}
    assert {str(each["FunctionName"]) for each in of_api} == {str({"Ref": alias_id})}
    assert all({"Ref": alias_id} in each["Integration"]["Uri"]["Fn::Join"][1] for each in methods)
    assert "SnapStart" not in function(dev_template, "orders")
    assert not of_type(dev_template, "AWS::Lambda::Version")
