"""The one stack: it only wires the constructs and publishes what operators and clients need."""

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from infrastructure.api import Api
from infrastructure.budget import MonthlyBudget
from infrastructure.bus_policy import BusPolicy
from infrastructure.config import StageConfig
from infrastructure.eraser import ContactEraser
from infrastructure.functions import Functions
from infrastructure.log_queries import LogQueries
from infrastructure.messaging import Messaging
from infrastructure.metrics_function import OrderMetrics
from infrastructure.monitoring.monitoring import Monitoring
from infrastructure.monitoring.watched import Watched
from infrastructure.operator_role import OperatorRole
from infrastructure.storage import Storage
from infrastructure.sweeper import ScheduledSweeper
from infrastructure.tracing import SamplingRule
from infrastructure.workflow import Workflow


class OrderProcessingStack(Stack):
    """Everything that one stage of the system needs."""

    def __init__(self, scope: Construct, id_: str, *, config: StageConfig) -> None:
        super().__init__(
            scope,
            id_,
            description="Order processing: an HTTPS endpoint, its event bus and an Express workflow.",
            termination_protection=config.keeps_data,
        )
        storage = Storage(self, "Storage", config=config)
        messaging = Messaging(self, "Messaging", config=config)
        functions = Functions(self, "Functions", config=config, storage=storage, messaging=messaging)
        workflow = Workflow(
            self, "Workflow", config=config, storage=storage, messaging=messaging, functions=functions
        )
        sweeper = ScheduledSweeper(
            self, "Sweeper", config=config, storage=storage, messaging=messaging, functions=functions
        )
        OrderMetrics(self, "Metrics", storage=storage, functions=functions)
        if config.contact_data_days is not None:
            ContactEraser(self, "Eraser", days=config.contact_data_days, storage=storage, functions=functions)
        api = Api(self, "Api", config=config, orders=functions.orders_of_api)
        operator = OperatorRole(
            self,
            "Operator",
            config=config,
            storage=storage,
            messaging=messaging,
            functions=functions,
            workflow=workflow,
            api=api,
        )
        speakers = (functions.orders, sweeper.function, workflow.state_machine)
        BusPolicy(
            self,
            "BusPolicy",
            bus=messaging.bus,
            speakers=[*(each.role for each in speakers if each.role), operator.role],
        )
        if config.traced_percent is not None:
            SamplingRule(self, "Tracing", traced_as=api.traced_as, percent=config.traced_percent)
        if config.saves_log_queries:
            LogQueries(
                self,
                "Queries",
                folder=config.stack_name,
                functions=functions.log_groups.values(),
                inventory=functions.log_groups["Inventory"],
                workflow=workflow.log_group,
            )
        if config.monitored:
            watched = Watched(
                config=config,
                api=api,
                workflow=workflow,
                functions=functions,
                messaging=messaging,
                storage=storage,
            )
            Monitoring(self, "Monitoring", watched=watched)
        if config.monthly_budget is not None and config.operations_email is not None:
            MonthlyBudget(self, "Budget", dollars=config.monthly_budget, email=config.operations_email)
        self._publish(
            ApiUrl=api.url,
            ApiKeyId=api.key.key_id,
            ApiAuth=config.api_auth.value,
            OperatorRoleArn=operator.role.role_arn,
            StateMachineArn=workflow.state_machine.state_machine_arn,
            ExecutionsUrl=workflow.executions_url,
            OrdersTableName=storage.orders.table_name,
            InventoryTableName=storage.inventory.table_name,
            EventBusName=messaging.bus.event_bus_name,
            InventoryDlqUrl=messaging.inventory_dlq.queue_url,
            PaymentDlqUrl=messaging.payment_dlq.queue_url,
            NotificationDlqUrl=messaging.notification_dlq.queue_url,
            DeliveryDlqUrl=messaging.delivery_dlq.queue_url,
            SweeperLogGroupName=functions.log_groups["Sweeper"].log_group_name,
            CancelConfirmedSeconds=str(config.cancel_confirmed_seconds),
            HoldExpiresAfterSeconds=str(config.hold_expires_after_seconds),
        )

    def _publish(self, **outputs: str) -> None:
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)
