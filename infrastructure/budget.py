"""An alarm on what the account costs in a month."""

from typing import Final

from aws_cdk.aws_budgets import CfnBudget
from constructs import Construct

# Per cent of the budget. A forecast comes before the money is spent, and needs some weeks of history.
# https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-best-practices.html
_SPENT: Final = 80
_FORECAST: Final = 100


class MonthlyBudget(Construct):
    """Tells somebody when most of the budget is spent, or will be."""

    def __init__(self, scope: Construct, id_: str, *, dollars: int, email: str) -> None:
        super().__init__(scope, id_)
        CfnBudget(
            self,
            "Budget",
            # Of the whole account: a part of it would need tags, which somebody must activate for billing.
            budget=CfnBudget.BudgetDataProperty(
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=CfnBudget.SpendProperty(amount=dollars, unit="USD"),
            ),
            notifications_with_subscribers=[
                _notification("ACTUAL", _SPENT, email),
                _notification("FORECASTED", _FORECAST, email),
            ],
        )


def _notification(type_: str, per_cent: int, email: str) -> CfnBudget.NotificationWithSubscribersProperty:
    return CfnBudget.NotificationWithSubscribersProperty(
        notification=CfnBudget.NotificationProperty(
            notification_type=type_,
            comparison_operator="GREATER_THAN",
            threshold=per_cent,
            threshold_type="PERCENTAGE",
        ),
        subscribers=[CfnBudget.SubscriberProperty(subscription_type="EMAIL", address=email)],
    )
