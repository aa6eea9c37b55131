"""Text from strangers: what a terminal, a log or a table could take for a command is replaced."""

import re
from typing import Final

# Control characters (Cc) but line feed and tab, format characters (Cf: bidirectional overrides, zero width),
# and the line and paragraph separators. A test compares it with the Unicode database of Python.
# https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
UNSAFE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f"
    "\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f\ud800-\udfff]"
)
_REPLACEMENT: Final = "\ufffd"
_LONGEST_NAME: Final = 200


def printable(text: str) -> str:
    """Replace each unsafe character by one that shows that something was there."""
    return UNSAFE.sub(_REPLACEMENT, text)


def clean_name(text: str) -> str:
    """Return a name in one line without unsafe characters, at most 200 characters long."""
    return " ".join(UNSAFE.sub("", text).split())[:_LONGEST_NAME].rstrip()
