"""Colours and lines of a drawing. Its background is white, so that it is readable on a dark page."""

from typing import Final

INK: Final = "#1f2328"

STYLE: Final = f"""
text {{ font-family: Helvetica, Arial, "Liberation Sans", sans-serif; fill: {INK}; }}
.ground {{ fill: #ffffff; stroke: #d0d7de; }}
.title {{ font-size: 16px; font-weight: bold; }}
.name {{ font-size: 12px; }}
.note {{ font-size: 9.5px; fill: #57606a; }}
.meaning {{ font-size: 10px; }}
.label {{ font-size: 10px; fill: #0e5a63; text-anchor: middle; }}
.middle {{ text-anchor: middle; }}
.paper {{ fill: #ffffff; }}
.shape {{ fill: #ffffff; stroke: #8c959f; stroke-width: 1.2; }}
.Choice .shape {{ fill: #e3f3f5; stroke: #0e7c86; }}
.Pass .shape {{ fill: #f3f4f6; }}
.Succeed .shape {{ fill: #e2f4e6; stroke: #1a7f37; stroke-width: 2; }}
.Fail .shape {{ fill: #ffebe9; stroke: #cf222e; stroke-width: 2; }}
.sign {{ fill: none; stroke-width: 2.2; stroke-linecap: round; stroke-linejoin: round; }}
.Succeed .sign {{ stroke: #1a7f37; }}
.Fail .sign {{ stroke: #cf222e; }}
.icon {{ fill: none; stroke: #ffffff; stroke-width: 1.4; stroke-linecap: round; stroke-linejoin: round; }}
.frame {{ fill: #f6f8fa; stroke: #8c959f; stroke-width: 1.3; stroke-dasharray: 6 4; }}
.bar {{ stroke: #8c959f; stroke-width: 4; stroke-linecap: round; }}
.dot {{ fill: {INK}; }}
.line {{ fill: none; stroke: #6e7781; stroke-width: 1.3; }}
.head {{ fill: #6e7781; }}
.line.catch {{ stroke: #c4532b; stroke-dasharray: 5 3; }}
.head.catch {{ fill: #c4532b; }}
.pale {{ opacity: 0.42; }}
.line.pale {{ opacity: 1; stroke: #d8dee4; }}
.head.pale {{ opacity: 1; fill: #d8dee4; }}
.line.catch.pale {{ stroke: #efd5ca; }}
.head.catch.pale {{ fill: #efd5ca; }}
.line.passed {{ stroke: #1a7f37; stroke-width: 2.8; }}
.head.passed {{ fill: #1a7f37; }}
.line.catch.passed {{ stroke: #cf222e; }}
.head.catch.passed {{ fill: #cf222e; }}
.passed .bar {{ stroke: #1a7f37; }}
.passed .shape {{ stroke: #1a7f37; stroke-width: 2.6; fill: #e9f7ec; }}
.passed .frame {{ stroke: #1a7f37; stroke-width: 1.8; }}
.failed .shape, .Fail.passed .shape {{ stroke: #cf222e; stroke-width: 2.6; fill: #fff0ee; }}
.failed .frame {{ stroke: #cf222e; stroke-width: 1.8; }}
.chip {{ fill: #bf5300; }}
.failed .chip {{ fill: #cf222e; }}
.count {{ font-size: 10.5px; font-weight: bold; fill: #ffffff; text-anchor: middle; }}
.difference {{ fill: none; stroke: #bf3989; stroke-width: 5; }}
.where {{ font-size: 15px; font-weight: bold; fill: #bf3989; }}
"""
