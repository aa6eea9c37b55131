"""Evaluates what this app's alarms write: metric math, the rule of a composite alarm, a filter pattern."""

import ast
import operator
import re
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final

Value = float | None

_ARITHMETIC: Final[Mapping[type[ast.operator], Callable[[float, float], float]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_EQUATION: Final = re.compile(r'\(\$\.([\w.]+) = "([^"]+)"\)')


def metric_math(expression: str, values: Mapping[str, Value]) -> Value:
    """Return the value of one period; None is a metric without data in it.

    In a sum a metric without data counts 0, as infrastructure/monitoring/aws_metrics.py says. A product or a
    quotient has no data without both. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
    """
    return _value(ast.parse(expression, mode="eval").body, values)


def _value(node: ast.expr, values: Mapping[str, Value]) -> Value:
    match node:
        case ast.Name(id=name):
            return values[name]
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.BinOp(left=left, op=op, right=right):
            return _result(op, _value(left, values), _value(right, values))
        case _:
            raise ValueError(f"this metric math is not known: {ast.unparse(node)}")


def _result(op: ast.operator, left: Value, right: Value) -> Value:
    if isinstance(op, ast.Add | ast.Sub) and (left is None) != (right is None):
        left, right = left or 0.0, right or 0.0
    if left is None or right is None or (isinstance(op, ast.Div) and not right):
        return None
    return _ARITHMETIC[type(op)](left, right)


def alarm_rule(rule: str, ringing: AbstractSet[str]) -> bool:
    """Tell whether a composite alarm rings, of ALARM("NAME") with AND, OR, NOT and parentheses.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
    """
    known = re.sub(r'ALARM\("([^"]+)"\)', lambda alarm: str(alarm[1] in ringing), rule)
    words = re.sub(r"\b(AND|OR|NOT)\b", lambda word: word[0].lower(), known)
    return _truth(ast.parse(words, mode="eval").body)


def _truth(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=bool() as value):
            return value
        case ast.BoolOp(op=op, values=parts):
            return (all if isinstance(op, ast.And) else any)(map(_truth, parts))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _truth(operand)
        case _:
            raise ValueError(f"this rule is not known: {ast.unparse(node)}")


def matches(pattern: str, line: Mapping[str, Any]) -> bool:
    """Tell whether a filter pattern of equations, as this app writes it, matches a line of a log.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html
    """
    equations = _EQUATION.findall(pattern)
    if pattern != "{ " + " && ".join(f'($.{path} = "{value}")' for path, value in equations) + " }":
        raise ValueError(f"this pattern is not known: {pattern}")
    return all(_at(line, path) == value for path, value in equations)


def _at(line: Any, path: str) -> Any:
    for key in path.split("."):
        line = line.get(key) if isinstance(line, Mapping) else None
    return line
