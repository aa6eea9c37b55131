"""DynamoDB copies items quickly, and reads an expression or a number once: that took most of a write's time.

Only speed differs. The system sends the same few expressions for each order.
"""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, Final

from ministack.services import dynamodb

from devtools.asl.quick_copy import QUICK_COPY_MODULE
from devtools.local_cloud.patches.expected import expect_signature, expect_source

_REMEMBERED: Final = 4096
OF_TEXTS: Final = (
    "_condition_syntax_error",
    "_number_size_bytes",
    "_number_error",
    "_ddb_canonicalize_number",
)


def apply() -> None:
    """Patch the copies, and remember what these functions return for a text."""
    expect_source(dynamodb._update_item, "copy.deepcopy(existing)")
    expect_source(dynamodb._tokenize, "tokens.append(('EOF', ''))", "return tokens")
    expect_signature(dynamodb._tokenize, "expr")
    expect_signature(dynamodb._condition_syntax_error, "expr", "slot")
    expect_signature(dynamodb._number_size_bytes, "text")
    expect_signature(dynamodb._number_error, "text")
    expect_signature(dynamodb._ddb_canonicalize_number, "s")
    tokens_of = _remembering(dynamodb._tokenize)

    def tokenize(expr: Any) -> list[Any]:
        return list(tokens_of(expr))  # the caller may change it

    dynamodb.copy = QUICK_COPY_MODULE
    dynamodb._tokenize = tokenize
    for name in OF_TEXTS:
        setattr(dynamodb, name, _remembering(getattr(dynamodb, name)))


def _remembering(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function, which now remembers its results for texts; a malformed request has others."""
    remembered = lru_cache(maxsize=_REMEMBERED)(function)

    @wraps(function)
    def call(text: Any, *others: Any) -> Any:
        return (remembered if isinstance(text, str) else function)(text, *others)

    return call
