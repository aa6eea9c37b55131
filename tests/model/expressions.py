"""Evaluates the DynamoDB expressions that this system uses, on items in DynamoDB JSON.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
Any other expression raises NotImplementedError.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import eq, ge, gt, le, lt, ne
from typing import Any, Final

Item = dict[str, Any]
Predicate = Callable[[Mapping[str, Any], "Operands"], bool]
Operand = Callable[[Mapping[str, Any], "Operands"], Any]

_TOKEN: Final = re.compile(r"\s*(<>|<=|>=|[=<>(),+-]|[#:]?\w+(?:\.\w+)*)")
_COMPARATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": eq,
    "<>": ne,
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
}


@dataclass(frozen=True, kw_only=True)
class Operands:
    """The names and values for `#names` and `:values`."""

    names: Mapping[str, str]
    values: Mapping[str, Any]


def holds(condition: str | None, item: Mapping[str, Any] | None, operands: Operands) -> bool:
    """Return whether an item meets a condition; None is an item that does not exist."""
    return condition is None or _condition(condition)(item or {}, operands)


def set_names(expression: str, names: Mapping[str, str]) -> set[str]:
    """Return the attributes that the SET clause of an update expression names."""
    parts = (part for clause, body in _clauses(expression) if clause == "SET" for part in _parts(body))
    targets = (part.partition("=")[0].strip() for part in parts)
    return {names.get(target, target) for target in targets}


def updated(expression: str, item: Mapping[str, Any], operands: Operands) -> Item:
    """Return the item after an update expression; every operand reads the item from before it."""
    result = dict(item)
    for clause, body in _clauses(expression):
        for part in _parts(body):
            _apply(clause, part, item, result, operands)
    return result


def _clauses(expression: str) -> list[tuple[str, str]]:
    return re.findall(r"(SET|REMOVE|ADD)\s+(.*?)(?=\s+(?:SET|REMOVE|ADD)\s|$)", expression)


def _apply(clause: str, part: str, before: Mapping[str, Any], result: Item, operands: Operands) -> None:
    if clause == "REMOVE":
        result.pop(operands.names.get(part, part), None)
    elif clause == "SET":
        target, _, value = part.partition("=")
        result[_name(target.strip(), operands)] = _value(value.strip())(before, operands)
    else:
        target, value = part.split()
        name = _name(target, operands)
        result[name] = _sum(before.get(name, {"N": "0"}), operands.values[value], 1)


def _parts(body: str) -> list[str]:
    return [part.strip() for part in re.split(r",(?![^(]*\))", body)]


@lru_cache(maxsize=256)
def _condition(text: str) -> Predicate:
    parser = _Parser(_TOKEN.findall(text))
    predicate = parser.disjunction()
    parser.expect_end()
    return predicate


@lru_cache(maxsize=256)
def _value(text: str) -> Operand:
    parser = _Parser(_TOKEN.findall(text))
    operand = parser.arithmetic()
    parser.expect_end()
    return operand


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._next = 0

    def disjunction(self) -> Predicate:
        parts = [self._conjunction()]
        while self._accept("OR"):
            parts.append(self._conjunction())
        return lambda item, operands: any(part(item, operands) for part in parts)

    def arithmetic(self) -> Operand:
        left = self._operand()
        for sign, factor in (("+", 1), ("-", -1)):
            if self._accept(sign):
                right = self._operand()
                return lambda item, operands: _sum(left(item, operands), right(item, operands), factor)
        return left

    def expect_end(self) -> None:
        if self._next != len(self._tokens):
            raise NotImplementedError(" ".join(self._tokens))

    def _conjunction(self) -> Predicate:
        parts = [self._term()]
        while self._accept("AND"):
            parts.append(self._term())
        return lambda item, operands: all(part(item, operands) for part in parts)

    def _term(self) -> Predicate:
        if self._accept("NOT"):
            inner = self._term()
            return lambda item, operands: not inner(item, operands)
        if self._accept("("):
            predicate = self.disjunction()
            self._expect(")")
            return predicate
        if self._peek() in {"attribute_exists", "attribute_not_exists", "begins_with"}:
            return self._function()
        return self._comparison()

    def _function(self) -> Predicate:
        function = self._take()
        self._expect("(")
        name = self._take()
        if function == "begins_with":
            self._expect(",")
            prefix = self._operand()
            self._expect(")")
            return lambda item, operands: str(_plain(item.get(_name(name, operands)))).startswith(
                _plain(prefix(item, operands))
            )
        self._expect(")")
        present = function == "attribute_exists"
        return lambda item, operands: (_name(name, operands) in item) is present

    def _comparison(self) -> Predicate:
        left = self._operand()
        if self._accept("IN"):
            choices = self._list()
            return lambda item, operands: (
                left(item, operands) in [choice(item, operands) for choice in choices]
            )
        if self._accept("BETWEEN"):
            low = self._operand()
            self._expect("AND")
            high = self._operand()
            return lambda item, operands: (
                _compare(le, low(item, operands), left(item, operands))
                and _compare(le, left(item, operands), high(item, operands))
            )
        comparator = _COMPARATORS[self._take()]
        right = self._operand()
        return lambda item, operands: _compare(comparator, left(item, operands), right(item, operands))

    def _list(self) -> list[Operand]:
        self._expect("(")
        choices = [self._operand()]
        while self._accept(","):
            choices.append(self._operand())
        self._expect(")")
        return choices

    def _operand(self) -> Operand:
        token = self._take()
        if token == "if_not_exists":
            self._expect("(")
            name = self._take()
            self._expect(",")
            default = self._operand()
            self._expect(")")
            return lambda item, operands: item.get(_name(name, operands)) or default(item, operands)
        if token.startswith(":"):
            return lambda _, operands: operands.values[token]
        return lambda item, operands: item.get(_name(token, operands))

    def _peek(self) -> str:
        return self._tokens[self._next] if self._next < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._peek()
        self._next += 1
        return token

    def _accept(self, token: str) -> bool:
        if self._peek() != token:
            return False
        self._next += 1
        return True

    def _expect(self, token: str) -> None:
        if not self._accept(token):
            raise NotImplementedError(f"{token} expected in {' '.join(self._tokens)}")


def _name(token: str, operands: Operands) -> str:
    return operands.names[token] if token.startswith("#") else token


def _compare(comparator: Callable[[Any, Any], bool], left: Any, right: Any) -> bool:
    """Compare two attributes; the result is false (for <> true) if one is absent or has another type."""
    if left is None or right is None or left.keys() != right.keys():
        return comparator is ne
    return comparator(_plain(left), _plain(right))


def _plain(value: Mapping[str, Any] | None) -> Any:
    if value is None:
        return None
    ((kind, content),) = value.items()
    return int(content) if kind == "N" else content


def _sum(left: Mapping[str, Any], right: Mapping[str, Any], factor: int) -> Item:
    return {"N": str(_plain(left) + factor * _plain(right))}
