"""The Orders and Inventory tables."""

from aws_cdk import RemovalPolicy
from aws_cdk.aws_dynamodb import (
    Attribute,
    AttributeType,
    Billing,
    GlobalSecondaryIndexPropsV2,
    PointInTimeRecoverySpecification,
    ProjectionType,
    TableV2,
)
from constructs import Construct

from handlers.contract.names import CUSTOMER_ORDERS_INDEX, OPEN_ORDERS_INDEX
from infrastructure.config import StageConfig


class Storage(Construct):
    """On-demand tables with point-in-time recovery; prod keeps them when the stack is deleted."""

    def __init__(self, scope: Construct, id_: str, *, config: StageConfig) -> None:
        super().__init__(scope, id_)
        self._config = config
        self.orders = self._table(
            "Orders",
            partition_key="orderId",
            sort_key="record",
            indexes=[
                # Sparse: only open orders have the two keys. The index stays as small as the backlog.
                _index(
                    OPEN_ORDERS_INDEX,
                    "openShard",
                    "openKey",
                    ["status", "customerId", "updatedAt", "reason", "attempts"],
                ),
                # Sparse: of an order's records only ORDER has a customerId.
                _index(
                    CUSTOMER_ORDERS_INDEX,
                    "customerId",
                    "createdAt",
                    ["status", "reason", "total", "updatedAt"],
                ),
            ],
        )
        self.inventory = self._table("Inventory", partition_key="productId")

    def _table(
        self,
        id_: str,
        *,
        partition_key: str,
        sort_key: str | None = None,
        indexes: list[GlobalSecondaryIndexPropsV2] | None = None,
    ) -> TableV2:
        return TableV2(
            self,
            id_,
            partition_key=_string(partition_key),
            sort_key=_string(sort_key) if sort_key else None,
            global_secondary_indexes=indexes,
            billing=Billing.on_demand(),
            point_in_time_recovery_specification=PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=self._config.keeps_data,
            removal_policy=RemovalPolicy.RETAIN if self._config.keeps_data else RemovalPolicy.DESTROY,
        )


def _index(name: str, partition_key: str, sort_key: str, projected: list[str]) -> GlobalSecondaryIndexPropsV2:
    return GlobalSecondaryIndexPropsV2(
        index_name=name,
        partition_key=_string(partition_key),
        sort_key=_string(sort_key),
        projection_type=ProjectionType.INCLUDE,
        non_key_attributes=projected,
    )


def _string(name: str) -> Attribute:
    return Attribute(name=name, type=AttributeType.STRING)
