"""Makes alarms that say what they mean, and which command to run first."""

from collections.abc import Sequence
from typing import Final

from aws_cdk.aws_cloudwatch import (
    Alarm,
    AlarmBase,
    AlarmRule,
    AlarmState,
    ComparisonOperator,
    CompositeAlarm,
    IMetric,
    TreatMissingData,
)
from aws_cdk.aws_cloudwatch_actions import SnsAction
from aws_cdk.aws_sns import ITopic
from constructs import Construct

from infrastructure.monitoring.watched import RUNBOOK, Watched

# So many of so many periods.
LASTING: Final = (2, 3)
AT_ONCE: Final = (1, 1)


class AlarmMaker:
    """Its alarms have names that begin with the stack's name. `notifying` lists those that tell somebody."""

    def __init__(self, scope: Construct, *, watched: Watched, topic: ITopic) -> None:
        self._scope = scope
        self._watched = watched
        self._action = SnsAction(topic)
        self.notifying: list[AlarmBase] = []

    def alarm(  # noqa: PLR0913  what makes an alarm
        self,
        name: str,
        metric: IMetric,
        meaning: str,
        command: str,
        *,
        above: float | None = None,
        below: float = 0,
        lasts: tuple[int, int] = AT_ONCE,
        missing: TreatMissingData = TreatMissingData.NOT_BREACHING,
    ) -> Alarm:
        """Make an alarm for `any_of` or `notify`; alone it tells nobody. Give `above` or `below`."""
        breaching, periods = lasts
        return Alarm(
            self._scope,
            name,
            alarm_name=self._name(name),
            alarm_description=self._description(meaning, command),
            metric=metric,
            threshold=below if above is None else above,
            comparison_operator=ComparisonOperator.LESS_THAN_THRESHOLD
            if above is None
            else ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=periods,
            datapoints_to_alarm=breaching,
            treat_missing_data=missing,
        )

    def any_of(self, name: str, alarms: Sequence[Alarm], meaning: str, command: str) -> None:
        """Notify once for all of these alarms."""
        rings = [AlarmRule.from_alarm(each, AlarmState.ALARM) for each in alarms]
        self.notify(
            CompositeAlarm(
                self._scope,
                name,
                composite_alarm_name=self._name(name),
                alarm_description=self._description(meaning, command),
                alarm_rule=AlarmRule.any_of(*rings),
            )
        )

    def notify(self, *alarms: AlarmBase) -> None:
        """Tell operators when one of these alarms rings, and when it is over."""
        for alarm in alarms:
            alarm.add_alarm_action(self._action)
            alarm.add_ok_action(self._action)
            self.notifying.append(alarm)

    def _name(self, name: str) -> str:
        return f"{self._watched.stack_name}-{name}"

    def _description(self, meaning: str, command: str) -> str:
        return f"{meaning} First: `{command} --stage {self._watched.stage}`. Then: {RUNBOOK}#alarms"
