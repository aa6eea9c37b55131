"""The picture of one execution of an order."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from orderctl.order_report import Execution
from orderctl.picture.execution_legend import Contents, draw_legend
from orderctl.picture.execution_shapes import draw_card, draw_end, draw_label, draw_stub, draw_wire
from orderctl.picture.folded import fold
from orderctl.picture.heading import (
    HEADING_HEIGHT,
    Heading,
    draw_heading,
    draw_summary,
    outcome_tone,
    spoken_title,
)
from orderctl.picture.layout_file import whole_layout
from orderctl.picture.machine import Machine
from orderctl.picture.markup import element, escaped
from orderctl.picture.measures import MARGIN, WIDTH
from orderctl.picture.pieces import Folded
from orderctl.picture.placed import Layout
from orderctl.picture.state_view import Standing
from orderctl.picture.theme import ROOT_CLASS, picture_css
from orderctl.picture.whole import draw_whole, shows, whole_views
from orderctl.plain_text import printable


def draw_execution(  # noqa: PLR0913  one picture, in its variants
    *,
    heading: Heading,
    execution: Execution,
    machine: Machine | None,
    whole: bool = False,
    standalone: bool = True,
    interactive: bool = False,
    now: datetime | None = None,
) -> str:
    """Draw one execution of an order as SVG: the states that it entered, and pale stubs of the others.

    `machine` is the definition that it ran, None when that is not known. `whole` draws the whole workflow
    where its layout has all states of the execution. Only a standalone picture has its style sheet; a page
    takes `picture_css()`. In an interactive one each state is a button. `now` tells how long a state runs.
    """
    drawing = _Drawing(heading=heading, execution=execution, interactive=interactive, now=now)
    layout = whole_layout() if whole else None
    drawn = drawing.whole(layout) if layout and shows(layout, execution.trace) else drawing.folded(machine)
    return _svg(drawn, spoken_title(heading, execution), standalone=standalone, interactive=interactive)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    parts: list[str]
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawing:
    heading: Heading
    execution: Execution
    interactive: bool
    now: datetime | None

    @property
    def tone(self) -> str:
        return outcome_tone(self.execution)

    def folded(self, machine: Machine | None) -> _Drawn:
        """Draw what the execution entered."""
        ending = _sentence(self.execution.outcome.text)
        trace = self.execution.trace
        folded = fold(trace, machine, ending, (MARGIN, MARGIN + HEADING_HEIGHT), self.now)
        parts = [
            *draw_heading(self.heading, self.execution, MARGIN, MARGIN, WIDTH),
            *_parts(folded, self.tone, interactive=self.interactive),
        ]
        contents = Contents(
            standings={card.view.standing for card in folded.cards}
            | ({Standing.NOT_REACHED} if folded.stubs else set()),
            endings={self.tone, self.heading.status_tone},
            services={card.view.service for card in folded.cards if card.view.service},
            has_caught=any(wire.is_catch for wire in folded.wires),
        )
        return self._with_legend(parts, contents, folded.bottom, WIDTH)

    def whole(self, layout: Layout) -> _Drawn:
        """Draw what the execution entered on the whole workflow."""
        views = whole_views(layout, self.execution.trace, self.now)
        summary, top = draw_summary(
            _sentence(self.execution.outcome.text),
            self.tone,
            views.values(),
            MARGIN,
            MARGIN + HEADING_HEIGHT,
        )
        moved = layout.moved(MARGIN, top + MARGIN)
        parts = [
            *draw_heading(self.heading, self.execution, MARGIN, MARGIN, layout.width),
            *summary,
            *draw_whole(moved, views, self.execution.trace, self.tone, interactive=self.interactive),
        ]
        contents = Contents(
            standings={view.standing for view in views.values()}
            | ({Standing.NOT_REACHED} if len(views) < len(layout.boxes) else set()),
            endings={self.tone, self.heading.status_tone},
            services={box.state.service for box in layout.boxes if box.state.service},
            has_caught=any(view.standing is Standing.CAUGHT for view in views.values()),
        )
        return self._with_legend(parts, contents, top + MARGIN + layout.height, layout.width)

    def _with_legend(self, parts: list[str], contents: Contents, bottom: float, width: float) -> _Drawn:
        legend, end = draw_legend(contents, MARGIN, bottom + 24, width)
        return _Drawn(parts=[*parts, *legend], width=width + 2 * MARGIN, height=end + MARGIN / 2)


def _parts(folded: Folded, tone: str, *, interactive: bool) -> Iterable[str]:
    """Return the elements from back to front."""
    for card in folded.cards:
        if card.is_frame:
            yield draw_card(card, interactive=interactive)
    yield from map(draw_stub, folded.stubs)
    yield from map(draw_wire, folded.wires)
    yield from map(draw_label, folded.labels)
    if folded.start:
        x, y = folded.start
        yield element("circle", cx=x, cy=y, r=5, class_="start")
    for card in folded.cards:
        if not card.is_frame:
            yield draw_card(card, interactive=interactive)
    if folded.end:
        yield draw_end(folded.end, tone, interactive=interactive)


def _sentence(words: str) -> str:
    return printable(words[:1].upper() + words[1:])


def _svg(drawn: _Drawn, title: str, *, standalone: bool, interactive: bool) -> str:
    width, height = drawn.width, drawn.height
    ground = element("rect", x=0.5, y=0.5, width=width - 1, height=height - 1, rx=10, class_="ground")
    named = [element("title", escaped(title)), element("style", picture_css())] if standalone else []
    svg = element(
        "svg",
        "\n" + "\n".join([*named, ground, *drawn.parts]) + "\n",
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        width=round(width),
        height=round(height),
        class_=ROOT_CLASS,
        role="group" if interactive else "img",
        aria_label=title,
    )
    return f"{svg}\n"
