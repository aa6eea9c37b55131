"""The Orders and Inventory tables."""

from typing import Final

from aws_cdk.aws_dynamodb import (
    Attribute,
    AttributeType,
    Billing,
    GlobalSecondaryIndexPropsV2,
    PointInTimeRecoverySpecification,
    ProjectionType,
    StreamViewType,
    TableV2,
    WarmThroughput,
)
from constructs import Construct

from handlers.contract.names import CUSTOMER_ORDERS_INDEX, OPEN_INDEX_WRITES_PER_ORDER, OPEN_ORDERS_INDEX
from infrastructure.config import StageConfig

# The write units of a confirmed order: ten writes, one of them in a transaction, where it counts twice.
ORDERS_WRITES_PER_ORDER: Final = 10 + 1
# In the customer's list: a new order, and its new status.
CUSTOMER_INDEX_WRITES_PER_ORDER: Final = 2
# Two for each product, in the same transaction. Five products are a usual order.
INVENTORY_WRITES_PER_ORDER: Final = 2 * 5
# What a new table on demand takes anyway; a lower value is refused.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput.html
_LEAST_WRITES_PER_SECOND: Final = 4_000


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
                self._index(
                    OPEN_ORDERS_INDEX,
                    "openShard",
                    "openKey",
                    ["status", "customerId", "updatedAt", "reason", "attempts"],
                    writes_per_order=OPEN_INDEX_WRITES_PER_ORDER,
                ),
                # Sparse: of an order's records only ORDER has a customerId.
                self._index(
                    CUSTOMER_ORDERS_INDEX,
                    "customerId",
                    "createdAt",
                    ["status", "reason", "total", "updatedAt"],
                    writes_per_order=CUSTOMER_INDEX_WRITES_PER_ORDER,
                ),
            ],
            writes_per_order=ORDERS_WRITES_PER_ORDER,
            # It keeps what a write changed for 24 hours, like point-in-time recovery for 35 days.
            stream=StreamViewType.NEW_AND_OLD_IMAGES,
        )
        self.inventory = self._table(
            "Inventory", partition_key="productId", writes_per_order=INVENTORY_WRITES_PER_ORDER
        )

    @property
    def orders_stream_arn(self) -> str:
        """The ARN of the stream with the changes of the Orders table."""
        arn = self.orders.table_stream_arn
        assert arn is not None  # noqa: S101  for the type checker
        return arn

    def _table(  # noqa: PLR0913  what differs between the two
        self,
        id_: str,
        *,
        partition_key: str,
        sort_key: str | None = None,
        indexes: list[GlobalSecondaryIndexPropsV2] | None = None,
        writes_per_order: int,
        stream: StreamViewType | None = None,
    ) -> TableV2:
        return TableV2(
            self,
            id_,
            partition_key=_string(partition_key),
            sort_key=_string(sort_key) if sort_key else None,
            global_secondary_indexes=indexes,
            billing=Billing.on_demand(),
            dynamo_stream=stream,
            warm_throughput=self._warm_throughput(writes_per_order),
            point_in_time_recovery_specification=PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=self._config.keeps_data,
            removal_policy=self._config.removal_policy,
        )

    def _index(
        self,
        name: str,
        partition_key: str,
        sort_key: str,
        projected: list[str],
        *,
        writes_per_order: int,
    ) -> GlobalSecondaryIndexPropsV2:
        return GlobalSecondaryIndexPropsV2(
            index_name=name,
            partition_key=_string(partition_key),
            sort_key=_string(sort_key),
            projection_type=ProjectionType.INCLUDE,
            non_key_attributes=projected,
            warm_throughput=self._warm_throughput(writes_per_order),
        )

    def _warm_throughput(self, writes_per_order: int) -> WarmThroughput | None:
        """Return what a table or an index takes from its first second; DynamoDB charges for it once."""
        orders_per_second = self._config.prewarmed_for_orders_per_second
        if orders_per_second is None:
            return None
        writes = writes_per_order * orders_per_second
        return WarmThroughput(write_units_per_second=max(writes, _LEAST_WRITES_PER_SECOND))


def _string(name: str) -> Attribute:
    return Attribute(name=name, type=AttributeType.STRING)
