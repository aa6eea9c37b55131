"""The outline of a state, which tells its type, and the icon of its service."""

from typing import Final

from orderctl.picture.icons import ICONS, OTHER_COLOUR, OTHER_ICON, SERVICE_COLOURS
from orderctl.picture.markup import element, number, polygon
from orderctl.picture.placed import Box
from orderctl.picture.sizes import ICON_SIZE, SLANT

_CORNER: Final = 8.0


def icon(service: str, x: float, y: float) -> str:
    """Draw the icon of a service on its colour."""
    scale = ICON_SIZE / 16
    return element(
        "rect",
        x=x,
        y=y,
        width=ICON_SIZE,
        height=ICON_SIZE,
        rx=4,
        class_="tile",
        fill=SERVICE_COLOURS.get(service, OTHER_COLOUR),
    ) + element(
        "path",
        d=ICONS.get(service, OTHER_ICON),
        class_="icon",
        transform=f"translate({number(x)} {number(y)}) scale({scale})",
    )


def outline(box: Box) -> str:
    """Draw the outline of a state without branches."""
    match box.state.type:
        case "Choice":
            return _slanted(box, SLANT, box.height / 2)
        case "Fail":
            return _slanted(box, _CORNER, _CORNER)
        case "Pass" | "Succeed":
            return _rect(box, rx=box.height / 2)
    return _rect(box, rx=6)


def _rect(box: Box, rx: float) -> str:
    return element("rect", x=box.x, y=box.y, width=box.width, height=box.height, rx=rx, class_="shape")


def _slanted(box: Box, across: float, down: float) -> str:
    """Draw the outline with slanted corners; a Choice has slanted sides."""
    left, right, top, bottom = box.x, box.x + box.width, box.y, box.y + box.height
    points = [
        (left + across, top),
        (right - across, top),
        (right, top + down),
        (right, bottom - down),
        (right - across, bottom),
        (left + across, bottom),
        (left, bottom - down),
        (left, top + down),
    ]
    return element("polygon", points=polygon(dict.fromkeys(points)), class_="shape")
