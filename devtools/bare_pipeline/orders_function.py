"""Prices an order, puts it in the table and sends its event, whatever it is: the function of the bare API."""

import json
import os
from typing import Any
from uuid import uuid4

from botocore.session import get_session

_SESSION = get_session()
_DYNAMODB = _SESSION.create_client("dynamodb")
_EVENTS = _SESSION.create_client("events")


def handler(event: dict[str, Any], _: object) -> dict[str, Any]:
    """Place an order."""
    body = json.loads(event["body"])
    keys = [{"productId": {"S": item["productId"]}} for item in body["items"]]
    found = _DYNAMODB.batch_get_item(RequestItems={os.environ["PRODUCTS"]: {"Keys": keys}})
    prices = {
        product["productId"]["S"]: int(product["unitPrice"]["N"])
        for product in found["Responses"][os.environ["PRODUCTS"]]
    }
    total = sum(item["quantity"] * prices[item["productId"]] for item in body["items"])
    order = {**body, "orderId": str(uuid4()), "status": "PENDING", "total": total}
    item = {"orderId": {"S": order["orderId"]}, "record": {"S": "ORDER"}, "order": {"S": json.dumps(order)}}
    _DYNAMODB.put_item(TableName=os.environ["TABLE"], Item=item)
    entry = {
        "EventBusName": os.environ["BUS"],
        "Source": "bare",
        "DetailType": "OrderPlaced",
        "Detail": json.dumps(order),
    }
    _EVENTS.put_events(Entries=[entry])
    return {"statusCode": 202, "body": json.dumps({"orderId": order["orderId"], "status": "PENDING"})}
