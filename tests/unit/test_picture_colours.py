"""The colours of the picture: their contrast in both themes, and the theme that applies."""

from itertools import product

import pytest

from orderctl.picture.theme import COLOUR_OF, DARK, LIGHT, picture_css

PALETTES = {"light": LIGHT, "dark": DARK}
# Text of the picture, and what it is drawn on. https://www.w3.org/TR/WCAG22/#contrast-minimum
GROUNDS = {"ground", "frame", *(tint for _, tint in COLOUR_OF.values())}
TEXTS = sorted(
    {
        *product(("ink", "quiet"), GROUNDS),
        *COLOUR_OF.values(),
        *(("on-colour", colour) for colour, _ in COLOUR_OF.values()),
    }
)


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted(map(luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_black_on_white_has_the_highest_contrast() -> None:
    assert round(contrast("#000000", "#ffffff"), 1) == 21.0


@pytest.mark.parametrize("theme", PALETTES)
@pytest.mark.parametrize(("text", "ground"), TEXTS)
def test_text_is_readable_in_both_themes(theme: str, text: str, ground: str) -> None:
    palette = PALETTES[theme]

    assert contrast(palette[text], palette[ground]) >= 4.5


@pytest.mark.parametrize("theme", PALETTES)
@pytest.mark.parametrize("ground", ["ground", "frame"])
def test_the_line_around_a_card_is_visible_on_what_is_around_it(theme: str, ground: str) -> None:
    palette = PALETTES[theme]

    assert all(contrast(palette[colour], palette[ground]) >= 3 for colour, _ in COLOUR_OF.values())


def test_both_themes_have_the_same_colours() -> None:
    assert LIGHT.keys() == DARK.keys()


def test_the_browser_decides_on_the_theme_until_the_page_does() -> None:
    css = picture_css()

    places = [
        css.index("@media (prefers-color-scheme: dark) { .order-picture { --op-ground: #0d1117"),
        css.index('[data-theme="light"] .order-picture { --op-ground: #ffffff'),
        css.index('[data-theme="dark"] .order-picture { --op-ground: #0d1117'),
    ]
    assert places == sorted(places)


def test_every_rule_is_of_the_picture_only() -> None:
    rules = [line for line in picture_css().splitlines() if "{" in line and not line.startswith("@media")]

    assert rules
    assert all(
        ".order-picture" in selector for rule in rules for selector in rule.partition("{")[0].split(",")
    )


def test_every_colour_that_is_used_is_defined() -> None:
    css = picture_css()
    used = {part.partition(")")[0] for part in css.split("var(--op-")[1:]}

    assert used <= {*LIGHT, "colour", "tint"}
    assert {name for pair in COLOUR_OF.values() for name in pair} <= LIGHT.keys()
