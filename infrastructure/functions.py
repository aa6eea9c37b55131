"""The Lambda functions, and what each of them may do."""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from aws_cdk import Duration, Fn, IgnoreMode, Stack
from aws_cdk.aws_iam import PolicyStatement, Role
from aws_cdk.aws_lambda import (
    Alias,
    Architecture,
    Code,
    Function,
    IFunction,
    ILayerVersion,
    LayerVersion,
    LoggingFormat,
    Runtime,
    SnapStartConf,
    SystemLogLevel,
    Tracing,
)
from aws_cdk.aws_logs import LogGroup, RetentionDays
from aws_cdk.aws_ssm import StringParameter
from constructs import Construct

from handlers.contract.names import CUSTOMER_ORDERS_INDEX, LIVE_ALIAS
from infrastructure.config import StageConfig
from infrastructure.messaging import Messaging
from infrastructure.package import sources
from infrastructure.storage import Storage
from infrastructure.trust import service_of_this_account

_REPOSITORY: Final = Path(__file__).parent.parent
# Two attempts of 3 s on a dependency that hangs fit in. The state machine waits 10 s.
_SERVICE_TIMEOUT: Final = Duration.seconds(8)
# Room for two such dependencies; API Gateway waits 29 s.
_API_TIMEOUT: Final = Duration.seconds(15)
# The orders function checks bodies with them.
_SCHEMAS: Final = ("handlers/schemas/place_order.schema.json", "handlers/schemas/cancel_order.schema.json")
_READ_AND_RECORD: Final = ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")


class Functions(Construct):
    """One function per service, each with a package of its own: what its handler imports of `handlers`."""

    def __init__(
        self, scope: Construct, id_: str, *, config: StageConfig, storage: Storage, messaging: Messaging
    ) -> None:
        super().__init__(scope, id_)
        self._config = config
        self._storage = storage
        self._messaging = messaging
        self._powertools = self._powertools_layer()
        self.log_groups: dict[str, LogGroup] = {}
        self.all: dict[str, Function] = {}
        self.orders = self._orders()
        self.orders_of_api = self._snapshot(self.orders) if config.snap_start else self.orders
        self.inventory = self._inventory()
        self.payment = self._payment()
        self.notification = self._notification()

    def _orders(self) -> Function:
        storage, bus, domain = self._storage, self._messaging.bus, self._config.console_domain
        function = self.add(
            "Orders",
            timeout=_API_TIMEOUT,
            files=_SCHEMAS,
            snap_start=self._config.snap_start,
            environment={
                "ORDERS_TABLE": storage.orders.table_name,
                "INVENTORY_TABLE": storage.inventory.table_name,
                "EVENT_BUS": bus.event_bus_name,
                "CURRENCY": self._config.currency,
                "ORDER_ID_NAMESPACE": self._uuid_of_the_stack(),
                "CANCEL_CONFIRMED_SECONDS": str(self._config.cancel_confirmed_seconds),
                **({"CONSOLE_DOMAIN": domain} if domain else {}),
            },
        )
        allow(function, [*_READ_AND_RECORD, "dynamodb:Query"], storage.orders.table_arn)
        allow(function, ["dynamodb:Query"], f"{storage.orders.table_arn}/index/{CUSTOMER_ORDERS_INDEX}")
        allow(function, ["dynamodb:BatchGetItem"], storage.inventory.table_arn)
        allow(function, ["events:PutEvents"], bus.event_bus_arn)
        return function

    def _snapshot(self, function: Function) -> IFunction:
        """Return the alias of the function's newest version, which Lambda starts from a snapshot.

        The one before is deleted, because a snapshot is paid for as long as its version is there.
        https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html
        """
        return Alias(self, "OrdersLive", alias_name=LIVE_ALIAS, version=function.current_version)

    def _uuid_of_the_stack(self) -> str:
        """Return the end of the stack's id, which stays the same until the stack is deleted.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
        """
        return Fn.select(2, Fn.split("/", Stack.of(self).stack_id))

    def _inventory(self) -> Function:
        storage = self._storage
        function = self.add(
            "Inventory",
            timeout=_SERVICE_TIMEOUT,
            environment={
                "ORDERS_TABLE": storage.orders.table_name,
                "INVENTORY_TABLE": storage.inventory.table_name,
            },
        )
        allow(function, _READ_AND_RECORD, storage.orders.table_arn)
        # TransactGetItems reads the counters of a product; it needs the permission of GetItem.
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
        allow(function, ["dynamodb:GetItem", "dynamodb:UpdateItem"], storage.inventory.table_arn)
        return function

    def _payment(self) -> Function:
        environment = {
            "ORDERS_TABLE": self._storage.orders.table_name,
            "PAYMENT_GATEWAY": self._config.payment_gateway.value,
        }
        secret_arn = self._config.stripe_secret_arn
        if secret_arn is not None:
            environment["STRIPE_SECRET_ARN"] = secret_arn
        function = self.add(
            "Payment",
            timeout=_SERVICE_TIMEOUT,
            environment=environment,
            concurrency=self._config.payment_concurrency,
        )
        allow(function, [*_READ_AND_RECORD, "dynamodb:Query"], self._storage.orders.table_arn)
        if secret_arn is not None:
            allow(function, ["secretsmanager:GetSecretValue"], secret_arn)
        if self._config.stripe_secret_key_arn is not None:
            # The function reads a secret under a key of its owner with its own permissions.
            # https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
            allow(function, ["kms:Decrypt"], self._config.stripe_secret_key_arn)
        return function

    def _notification(self) -> Function:
        topic = self._messaging.notifications
        function = self.add(
            "Notification",
            timeout=_SERVICE_TIMEOUT,
            environment={
                "ORDERS_TABLE": self._storage.orders.table_name,
                "TOPIC_ARN": topic.topic_arn,
            },
        )
        allow(function, ["dynamodb:GetItem", "dynamodb:UpdateItem"], self._storage.orders.table_arn)
        allow(function, ["sns:Publish"], topic.topic_arn)
        return function

    def add(  # noqa: PLR0913  what differs between functions
        self,
        service: str,
        *,
        timeout: Duration,
        environment: dict[str, str],
        concurrency: int | None = None,
        files: Iterable[str] = (),
        snap_start: bool = False,
        tracing: Tracing = Tracing.ACTIVE,
    ) -> Function:
        """Make the function of `handlers/SERVICE.py`. The caller adds its permissions.

        `concurrency` is reserved: the function gets as many executions at once, and no more.
        """
        log_group = LogGroup(
            self,
            f"{service}Logs",
            retention=RetentionDays[self._config.log_retention],
            removal_policy=self._config.removal_policy,
        )
        self.log_groups[service] = log_group
        # The default role may write to every log group of the account. This one may write only to its own.
        # https://docs.aws.amazon.com/lambda/latest/dg/permissions-managed-policies.html
        trusted = service_of_this_account("lambda.amazonaws.com")
        role = Role(self, f"{service}Role", assumed_by=trusted)
        log_group.grant_write(role)
        function = Function(
            self,
            service,
            code=_package(f"handlers.{service.lower()}", files),
            handler=f"handlers.{service.lower()}.handler",
            runtime=Runtime.PYTHON_3_13,
            architecture=Architecture.ARM_64,
            memory_size=512,
            timeout=timeout,
            layers=[self._powertools],
            role=role,
            log_group=log_group,
            reserved_concurrent_executions=concurrency,
            snap_start=SnapStartConf.ON_PUBLISHED_VERSIONS if snap_start else None,
            logging_format=LoggingFormat.JSON,
            # Without the lines that say that an invocation began and ended well: more bytes than our own line
            # of it, which has duration and cold start. A failed or timed-out invocation keeps its report, and
            # Lambda's metrics, which the alarms use, do not come from the log.
            # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
            system_log_level_v2=SystemLogLevel.WARN,
            tracing=tracing,
            environment={
                "POWERTOOLS_SERVICE_NAME": service.lower(),
                "POWERTOOLS_LOG_LEVEL": "INFO",
                # The fault switch refuses prod unless it is forced.
                "STAGE": self._config.stage,
                **environment,
            },
        )
        self.all[service.lower()] = function
        return function

    def _powertools_layer(self) -> ILayerVersion:
        """Return the public layer; CloudFormation resolves its ARN, so that synthesis needs no account.

        https://docs.aws.amazon.com/powertools/python/latest/getting-started/install/
        """
        version = powertools_version()
        arn = StringParameter.value_for_string_parameter(
            self, f"/aws/service/powertools/python/arm64/python3.13/{version}"
        )
        return LayerVersion.from_layer_version_arn(self, "Powertools", arn)


def powertools_version() -> str:
    """Return the version that pyproject.toml pins: functions run what the tests ran."""
    project = tomllib.loads((_REPOSITORY / "pyproject.toml").read_text())["project"]
    pins = (re.fullmatch(r"aws-lambda-powertools==([\d.]+)", pin) for pin in project["dependencies"])
    return next(pin[1] for pin in pins if pin)


def _package(module: str, files: Iterable[str]) -> Code:
    """Return only what the function needs: an .env beside it would be readable in the deployed package."""
    return Code.from_asset(
        str(_REPOSITORY),
        # Git's rules skip a whole folder at once, so that synthesis doesn't walk .venv and node_modules.
        ignore_mode=IgnoreMode.GIT,
        exclude=[
            *("/*", "!/handlers/", "/handlers/**", "!/handlers/**/"),
            *(f"!/{file}" for file in (*sources(_REPOSITORY, module), *files)),
            "__pycache__/",
        ],
    )


def allow(function: Function, actions: Iterable[str], resource_arn: str) -> None:
    """Let the function do this to one resource, and to no other."""
    function.add_to_role_policy(PolicyStatement(actions=list(actions), resources=[resource_arn]))
