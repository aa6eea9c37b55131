"""What strangers write can't act on a terminal."""

import io
import sys
import unicodedata

import pytest

from orderctl.display.layout import add_row, new_table
from orderctl.files.csv_lines import read_csv
from orderctl.files.order_file import parse_order_file
from orderctl.files.product_file import parse_product_file
from orderctl.plain_text import UNSAFE, clean_name, printable
from orderctl.terminal import SafeConsole

ESCAPE = "\x1b[2J\x1b]0;owned\x07"
BIDI = "\u202egpj.exe\u202c"


def test_every_control_and_format_character_is_unsafe_and_no_other() -> None:
    # The newest Unicode of our Pythons has no further format characters.
    unsafe = {
        chr(code)
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and chr(code) not in "\n\t"
    }

    found = {chr(code) for code in range(sys.maxunicode + 1) if UNSAFE.match(chr(code))}

    assert unsafe <= found
    assert {unicodedata.category(each) for each in found - unsafe} <= {"Cn"}


def test_an_unsafe_character_is_replaced_by_one_that_shows() -> None:
    assert printable(f"a{ESCAPE}b\n\tc") == "a\ufffd[2J\ufffd]0;owned\ufffdb\n\tc"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("  Heart \t holder ", "Heart holder"),
        (f"Heart{ESCAPE}", "Heart[2J]0;owned"),
        (BIDI, "gpj.exe"),
        ("x" * 300, "x" * 200),
    ],
)
def test_a_name_is_one_line_without_unsafe_characters(given: str, expected: str) -> None:
    assert clean_name(given) == expected


def test_a_console_prints_no_command_of_a_stranger() -> None:
    shown = io.StringIO()
    console = SafeConsole(file=shown, force_terminal=True, width=80, color_system="standard")
    table = new_table("name")
    add_row(table, f"in a table {ESCAPE}{BIDI}")

    console.print(f"as a line {ESCAPE}{BIDI}", style="red")
    console.print(table)

    text = shown.getvalue()
    assert "as a line" in text
    assert "in a table" in text
    assert "\x1b[31m" in text  # the colour that we asked for
    assert not [unsafe for unsafe in ("\x07", "\x1b[2J", "\x1b]0;", "\u202e") if unsafe in text]


def test_names_of_imported_products_are_cleaned() -> None:
    products = read_csv(f"productId,name,unitPrice,available\nMUG,Mug{ESCAPE},255,5\n".encode())
    orders = read_csv(
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
        f"1,MUG,Mug{BIDI},6,12/1/2010 8:26,2.55,17850,UK\n".encode()
    )

    assert parse_product_file(products).products[0].name == "Mug[2J]0;owned"
    assert parse_order_file(orders).products[0].name == "Muggpj.exe"
