"""The frame of a chart in the documents: an SVG with a title, its style, and a ground with round corners."""

from collections.abc import Iterable

from orderctl.picture.markup import element, escaped


def framed(parts: Iterable[str], *, title: str, style: str, size: tuple[int, int], class_: str) -> str:
    """Return the whole picture; `size` is width and height."""
    width, height = size
    inside = [
        element("title", escaped(title)),
        element("style", style),
        element("rect", x=0.5, y=0.5, width=width - 1, height=height - 1, rx=10, class_="ground"),
        *parts,
    ]
    svg = element(
        "svg",
        "\n" + "\n".join(inside) + "\n",
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        role="img",
        class_=class_,
    )
    return f"{svg}\n"
