"""The one stack: it only wires the constructs and publishes what operators and clients need."""

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from infrastructure.config import StageConfig
from infrastructure.storage import Storage


class OrderProcessingStack(Stack):
    """Everything that one stage of the system needs."""

    def __init__(self, scope: Construct, id_: str, *, config: StageConfig) -> None:
        super().__init__(scope, id_)
        storage = Storage(self, "Storage", config=config)
        self._publish(
            OrdersTableName=storage.orders.table_name,
            InventoryTableName=storage.inventory.table_name,
        )

    def _publish(self, **outputs: str) -> None:
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)
