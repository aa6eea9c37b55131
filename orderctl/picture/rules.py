"""A short text for a rule of a Choice state."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

_NO_BREAK: Final = "\N{NO-BREAK SPACE}"
_COMPARISONS: Final = {
    "LessThanEquals": "≤",
    "GreaterThanEquals": "≥",
    "LessThan": "<",
    "GreaterThan": ">",
    "Equals": "=",
    "Matches": "matches",
}
_OPPOSITES: Final = {"=": "≠", "<": "≥", ">": "≤", "≤": ">", "≥": "<", "is": "is not"}

Rule = Mapping[str, Any]


def rule_text(rule: Rule) -> str:
    """Return when a rule applies; its spaces are the places for line breaks."""
    if "And" in rule:
        return " and ".join(_operand(part) for part in rule["And"])
    if "Or" in rule:
        return _alternatives(rule["Or"])
    if "Not" in rule:
        return _opposite(rule["Not"])
    if "Condition" in rule:
        return str(rule["Condition"])
    return _NO_BREAK.join(_comparison(rule))


def _operand(rule: Rule) -> str:
    ambiguous = "Or" in rule and len(_variables(rule["Or"])) > 1
    return f"({rule_text(rule)})" if ambiguous else rule_text(rule)


def _alternatives(rules: Sequence[Rule]) -> str:
    """Return alternatives; a variable that all of them compare is named once."""
    first, *others = rules
    if len(_variables(rules)) > 1:
        return " or ".join(_operand(rule) for rule in rules)
    return " or ".join([rule_text(first), *(_comparison(rule)[2] for rule in others)])


def _variables(rules: Sequence[Rule]) -> set[Any]:
    """Return the variables that the rules compare; every compound rule counts as a variable of its own."""
    return {
        (rule["Variable"], _comparison(rule)[1]) if "Variable" in rule else index
        for index, rule in enumerate(rules)
    }


def _opposite(rule: Rule) -> str:
    if "Variable" not in rule:
        return f"not ({rule_text(rule)})"
    variable, verb, value = _comparison(rule)
    return _NO_BREAK.join([variable, _OPPOSITES.get(verb, f"not {verb}"), value])


def _comparison(rule: Rule) -> tuple[str, str, str]:
    operator = next(key for key in rule if key not in {"Variable", "Next", "Comment", "Assign", "Output"})
    name, value = operator.removesuffix("Path"), rule[operator]
    variable = _last_field(rule["Variable"])
    if name.startswith("Is"):
        return variable, "is" if value else "is not", name.removeprefix("Is").lower()
    verb = next((sign for word, sign in _COMPARISONS.items() if name.endswith(word)), name)
    return variable, verb, _last_field(str(value)) if operator.endswith("Path") else _literal(value)


def _last_field(path: str) -> str:
    return path.rsplit(".", 1)[-1]


def _literal(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
