"""The colours of the picture of an execution, light and dark, and its style sheet."""

from collections.abc import Mapping
from typing import Final

ROOT_CLASS: Final = "order-picture"

LIGHT: Final = {
    "ground": "#ffffff",
    "edge": "#d0d7de",
    "ink": "#1f2328",
    "quiet": "#59636e",
    "pale": "#b6bfc8",
    "frame": "#f6f8fa",
    "good": "#1a7f37",
    "good-tint": "#ebf7ee",
    "warn": "#7d5800",
    "warn-tint": "#fff8dc",
    "caught": "#a83b00",
    "caught-tint": "#fff1e7",
    "bad": "#c01c28",
    "bad-tint": "#ffeeec",
    "now": "#0860ca",
    "now-tint": "#e8f2ff",
    "held": "#9a6700",
    "grey": "#57606a",
    "on-colour": "#ffffff",
}
DARK: Final = {
    "ground": "#0d1117",
    "edge": "#30363d",
    "ink": "#e6edf3",
    "quiet": "#9198a1",
    "pale": "#4d5661",
    "frame": "#151b23",
    "good": "#4ac26b",
    "good-tint": "#10261a",
    "warn": "#e3b341",
    "warn-tint": "#272111",
    "caught": "#f0883e",
    "caught-tint": "#2b1d12",
    "bad": "#ff7b72",
    "bad-tint": "#2d1618",
    "now": "#58a6ff",
    "now-tint": "#10213a",
    "held": "#d29922",
    "grey": "#9198a1",
    "on-colour": "#0d1117",
}

# Each class sets the colour of a state, of an ending or of a sign.
COLOUR_OF: Final = {
    "succeeded": ("good", "good-tint"),
    "retried": ("warn", "warn-tint"),
    "caught": ("caught", "caught-tint"),
    "failed": ("bad", "bad-tint"),
    "running": ("now", "now-tint"),
    "not-reached": ("quiet", "ground"),
    "ended-confirmed": ("good", "good-tint"),
    "ended-held": ("held", "warn-tint"),
    "ended-rejected": ("grey", "frame"),
    "ended-cancelled": ("grey", "frame"),
    "ended-without-change": ("grey", "frame"),
    "ended-failed": ("bad", "bad-tint"),
    "ended-running": ("now", "now-tint"),
}

_RULES: Final = """\
text { font-family: Helvetica, Arial, "Liberation Sans", sans-serif; fill: var(--op-ink); stroke: none; }
.ground { fill: var(--op-ground); stroke: var(--op-edge); }
.heading { font-size: 17px; font-weight: bold; }
.name { font-size: 13px; font-weight: bold; }
.fact, .said { font-size: 12px; }
.fact { fill: var(--op-quiet); }
.problem { font-size: 12px; fill: var(--op-colour); }
.reason, .stub-name, .stub-label { font-size: 11px; fill: var(--op-quiet); }
.right { text-anchor: end; }
.middle { text-anchor: middle; }
.card { fill: var(--op-tint); stroke: var(--op-colour); stroke-width: 1.4; }
.edge { fill: var(--op-colour); stroke: none; }
.frame { fill: var(--op-frame); stroke: var(--op-edge); stroke-width: 1.2; }
.join { fill: none; stroke: var(--op-ink); stroke-width: 3; stroke-linecap: round; }
.running > .join, .failed > .join { stroke: var(--op-pale); }
.disc { fill: var(--op-colour); stroke: none; }
.sign, .icon { fill: none; stroke-linecap: round; stroke-linejoin: round; }
.sign { stroke: var(--op-on-colour); stroke-width: 2; }
.icon { stroke: #ffffff; stroke-width: 1.4; }
.wire { fill: none; stroke: var(--op-ink); stroke-width: 2; }
.wire-head, .start { fill: var(--op-ink); stroke: none; }
.wire.by-error { stroke: var(--op-caught); stroke-dasharray: 5 3; }
.wire-head.by-error { fill: var(--op-caught); }
.stub-line { fill: none; stroke: var(--op-pale); stroke-width: 1; }
.stub-line.by-error { stroke-dasharray: 3 3; }
.stub-box { fill: none; stroke: var(--op-pale); stroke-width: 1; stroke-dasharray: 3 2; }
.end-box { fill: var(--op-colour); stroke: none; }
.end-box + .end-sign .disc { fill: var(--op-on-colour); }
.end-sign .sign { stroke: var(--op-colour); }
.end .name, .end .said, .status { fill: var(--op-on-colour); }
.status { font-size: 12px; font-weight: bold; }
.shape { fill: var(--op-tint); stroke: var(--op-colour); stroke-width: 2; }
.box-name, .summary { font-size: 12px; }
.box-fact { font-size: 9.5px; fill: var(--op-quiet); }
.label { font-size: 10px; fill: var(--op-quiet); text-anchor: middle; }
.chosen .label { fill: var(--op-ink); font-weight: bold; }
.paper { fill: var(--op-ground); }
.stub-head { fill: var(--op-pale); stroke: none; }
.pale .shape, .pale .frame, .pale .join { stroke: var(--op-pale); stroke-width: 1; }
.pale .icon { stroke: var(--op-ground); }
.pale .tile { fill: var(--op-pale); }
.pale .box-name { fill: var(--op-quiet); }
[role="button"] { cursor: pointer; outline: none; }
[role="button"]:hover .card, [role="button"]:hover .shape { stroke-width: 2.4; }
[role="button"]:focus-visible .card, [role="button"]:focus-visible .end-box,
[role="button"]:focus-visible .frame, [role="button"]:focus-visible .shape,
.selected .frame, .selected .card,
.selected .end-box, .selected .shape { stroke: var(--op-ink); stroke-width: 3; }
"""


def picture_css() -> str:
    """Return the style sheet of every picture, for a page or for a file of its own.

    A page can set `data-theme` to light or dark at an element around the picture. Else the browser decides.
    """
    scoped = "\n".join(_scoped(rule) for rule in _whole_rules())
    classes = "\n".join(
        f".{ROOT_CLASS} .{name} {{ --op-colour: var(--op-{colour}); --op-tint: var(--op-{tint}); }}"
        for name, (colour, tint) in COLOUR_OF.items()
    )
    return (
        f".{ROOT_CLASS} {{ {_variables(LIGHT)} }}\n"
        f"@media (prefers-color-scheme: dark) {{ .{ROOT_CLASS} {{ {_variables(DARK)} }} }}\n"
        f'[data-theme="light"] .{ROOT_CLASS} {{ {_variables(LIGHT)} }}\n'
        f'[data-theme="dark"] .{ROOT_CLASS} {{ {_variables(DARK)} }}\n'
        f"{classes}\n{scoped}\n"
    )


def _variables(palette: Mapping[str, str]) -> str:
    return " ".join(f"--op-{name}: {colour};" for name, colour in palette.items())


def _whole_rules() -> list[str]:
    return [f"{rule.strip()} }}" for rule in _RULES.split("}") if rule.strip()]


def _scoped(rule: str) -> str:
    selectors, _, body = rule.partition("{")
    scoped = ", ".join(f".{ROOT_CLASS} {each.strip()}" for each in selectors.split(","))
    return f"{scoped} {{{body}"
