"""An example of each command, which its help ends with."""

from typing import Final

_ORDER: Final = "23ac301d-e113-400f-8d5a-f406e39d870a"

EXAMPLES: Final = {
    "": "orderctl status --stage prod",
    "status": "orderctl status --stage prod",
    "doctor": "orderctl doctor --stage dev --profile shop",
    "stock": "orderctl stock show 85123A",
    "stock set": 'orderctl stock set 85123A 100 --price 255 --name "White hanging heart"',
    "stock show": "orderctl stock show 85123A 71053 --json",
    "stock import": "orderctl stock import products.csv --stage dev",
    "stock split": "orderctl stock split 85123A 10 --stage prod",
    "stock merge": "orderctl stock merge 85123A --stage prod",
    "place": "orderctl place 85123A:6 --customer cust-1 --email ada@example.com "
    "--payment pm_card_visa --wait",
    "show": f"orderctl show {_ORDER}",
    "orders": "orderctl orders --status ON_HOLD --older-than 1h",
    "stats": "orderctl stats --since 24h --stage prod",
    "cost": "orderctl cost --orders 250000 --lines 10",
    "watch": "orderctl watch --stage prod",
    "console": "orderctl console --stage dev",
    "open": "orderctl open dashboard --stage prod",
    "open order": f"orderctl open order {_ORDER} --stage prod",
    "open executions": "orderctl open executions --stage prod",
    "open dashboard": "orderctl open dashboard --stage prod",
    "cancel": f'orderctl cancel {_ORDER} --reason "ordered twice" --wait',
    "trace": f"orderctl trace {_ORDER}",
    "draw": f"orderctl draw {_ORDER} --output order.svg",
    "import": "orderctl import orders.csv --report report.csv",
    "bench": "orderctl bench --orders 1000 --concurrency 16",
    "dlq": "orderctl dlq list",
    "dlq list": "orderctl dlq list payment --stage prod",
    "dlq show": f"orderctl dlq show {_ORDER}",
    "dlq redrive": "orderctl dlq redrive payment --dry-run",
    "fault": "orderctl fault payment on --rate 0.3",
    "forget": "orderctl forget --customer cust-1 --dry-run",
    "rollback": "orderctl rollback --stage prod",
    "up": "orderctl up --watch",
    "deploy": "orderctl deploy",
    "down": "orderctl down --keep-data",
    "demo": "orderctl demo",
    "record": "orderctl record",
}
