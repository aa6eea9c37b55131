"""What moto is made to remember changes no response."""

from typing import Any

from moto.dynamodb.parsing.ast_nodes import Node
from moto.dynamodb.parsing.expressions import UpdateExpressionParser

from tests.order_tables import ORDER, OrderTables

_EVERY_TYPE: dict[str, Any] = {
    "text": {"S": "mug"},
    "number": {"N": "2.50"},
    "nothing": {"NULL": True},
    "flag": {"BOOL": False},
    "bytes": {"B": b"\x00\xff"},
    "texts": {"SS": ["a", "b"]},
    "numbers": {"NS": ["1", "2"]},
    "list": {"L": [{"S": "a"}, {"M": {"b": {"N": "1"}}}, {"L": []}]},
    "map": {"M": {"c": {"S": "d"}, "e": {"M": {}}}},
}


def _key(record: str) -> dict[str, Any]:
    return {"orderId": {"S": ORDER}, "record": {"S": record}}


def test_attributes_of_every_type_are_read_as_they_were_written(tables: OrderTables) -> None:
    for _ in range(2):  # the second time, it is known which attribute has which type
        for name, value in _EVERY_TYPE.items():
            item = _key("ORDER") | {name: value}
            tables.dynamodb.put_item(TableName=tables.names.orders, Item=item)
            found = tables.dynamodb.get_item(TableName=tables.names.orders, Key=_key("ORDER"))
            assert found["Item"] == item


def test_a_response_has_what_only_some_responses_have(tables: OrderTables) -> None:
    for found in (False, True, False):
        if found:
            tables.place({"mug": 1})
        else:
            tables.dynamodb.delete_item(TableName=tables.names.orders, Key=_key("ORDER"))
        response = tables.dynamodb.get_item(TableName=tables.names.orders, Key=_key("ORDER"))
        assert ("Item" in response) is found


def test_an_update_does_not_change_its_parsed_expression(tables: OrderTables) -> None:
    update = (
        "SET #a = if_not_exists(#a, :one) + :one, b = list_append(:list, :list) REMOVE c[1], c[0] ADD d :one"
    )
    parsed = UpdateExpressionParser.make(update)
    before = _nodes(parsed)
    for record in ("first", "second"):
        tables.dynamodb.put_item(
            TableName=tables.names.orders,
            Item=_key(record) | {"c": {"L": [{"S": "0"}, {"S": "1"}, {"S": "2"}]}},
        )

        updated = tables.dynamodb.update_item(
            TableName=tables.names.orders,
            Key=_key(record),
            UpdateExpression=update,
            ExpressionAttributeNames={"#a": "a"},
            ExpressionAttributeValues={":one": {"N": "1"}, ":list": {"L": [{"S": record}]}},
            ReturnValues="ALL_NEW",
        )["Attributes"]

        assert updated == _key(record) | {
            "a": {"N": "2"},
            "b": {"L": [{"S": record}, {"S": record}]},
            "c": {"L": [{"S": "2"}]},
            "d": {"N": "1"},
        }
    assert UpdateExpressionParser.make(update) is parsed
    assert _nodes(parsed) == before


def _nodes(node: Any) -> Any:
    if not isinstance(node, Node):
        return node
    return (type(node).__name__, [_nodes(child) for child in node.children or []])
