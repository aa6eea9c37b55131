"""Strict JSON: what is ambiguous or can't be stored is refused."""

import base64
import binascii
import json
from typing import Any, Final, NoReturn

from handlers.api.errors import InvalidRequest, Violation

# The longest valid order has 50 KiB, with every character escaped and much white space.
MAX_BODY_BYTES: Final = 65_536


def read_json(body: str | None, *, is_base64: bool) -> object:
    """Parse a request's body as API Gateway hands it over; raises InvalidRequest."""
    try:
        parsed = json.loads(
            _text(body or "", is_base64=is_base64),
            object_pairs_hook=_distinct_members,
            parse_constant=_not_json,
        )
        # A lone surrogate (`"\ud800"`) is a Python string, but can't be encoded and stored.
        canonical(parsed)
    except RecursionError:
        raise _malformed("is nested too deeply") from None
    except (UnicodeError, binascii.Error):
        raise _malformed("must be UTF-8 text") from None
    except ValueError:
        # Also an integer of thousands of digits, which Python won't parse.
        raise _malformed("must be JSON") from None
    return parsed


def canonical(value: object) -> bytes:
    """Write equal JSON values equally, whatever their white space and order of members."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _text(body: str, *, is_base64: bool) -> str:
    encoded = base64.b64decode(body, validate=True) if is_base64 else body.encode()
    if len(encoded) > MAX_BODY_BYTES:
        raise _malformed(f"must have at most {MAX_BODY_BYTES} bytes")
    return encoded.decode()


def _distinct_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise _malformed("must not have two members of the same name in one object")
    return members


def _not_json(constant: str) -> NoReturn:
    raise ValueError(constant)


def _malformed(detail: str) -> InvalidRequest:
    return InvalidRequest("The body can't be read.", [Violation(pointer="", detail=detail)])
