"""Creates the tables of the synthesized template in moto, with their deployed keys and indexes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.moto_clients import client

_REQUIRED: Final = ("AttributeDefinitions", "KeySchema", "BillingMode")
_OPTIONAL: Final = ("GlobalSecondaryIndexes",)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableNames:
    """The names of the tables in moto."""

    orders: str
    inventory: str


def create_tables(template: Mapping[str, Any]) -> TableNames:
    """Create both tables; call it inside `mock_aws`."""
    return TableNames(
        orders=_create(template, "OrdersTableName"),
        inventory=_create(template, "InventoryTableName"),
    )


def _create(template: Mapping[str, Any], output: str) -> str:
    logical_id: str = template["Outputs"][output]["Value"]["Ref"]
    properties = template["Resources"][logical_id]["Properties"]
    request = {name: properties[name] for name in _REQUIRED}
    request |= {name: properties[name] for name in _OPTIONAL if name in properties}
    client("dynamodb").create_table(TableName=logical_id, **request)
    return logical_id
