"""Draws an execution on the whole workflow: what it did not reach is pale."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from orderctl.picture.choices import is_caught, taken
from orderctl.picture.execution_shapes import sign, state_group
from orderctl.picture.lines import arrowhead, draw_label
from orderctl.picture.machine import ENDINGS, Machine, Transition, TransitionKind
from orderctl.picture.markup import element, escaped, number, rounded, text
from orderctl.picture.outlines import icon, outline
from orderctl.picture.placed import Box, Layout, Line
from orderctl.picture.sizes import BOX_PADDING, FRAME_HEADER, ICON_SIZE
from orderctl.picture.state_view import StateView, facts_text, view_state
from orderctl.picture.text import NAME_FONT_SIZE, fitted, text_width
from orderctl.trace import ExecutionTrace, StateRun

_FACT_SIZE: Final = 9.5
_SIGN: Final = 20.0
_DOT: Final = 6.0


def shows(layout: Layout, execution: ExecutionTrace) -> bool:
    """Tell whether a layout has every state and every step of an execution: it can be of another version."""
    names = {box.state.name for box in layout.boxes}
    pairs = {(line.transition.source, line.transition.target) for line in layout.lines}
    steps = {(run.name, after.name) for run, after in _steps(execution.runs) if run and after}
    return {run.name for run in execution.states} <= names and steps <= pairs


def whole_views(layout: Layout, execution: ExecutionTrace, now: datetime | None) -> dict[str, StateView]:
    """Describe each state that was entered, as its last run."""
    flat = _flat(layout)
    states = {box.state.name: box.state for box in layout.boxes}
    after = {id(run): next_ for run, next_ in _steps(execution.runs) if run}
    return {
        run.name: view_state(
            run,
            execution,
            states[run.name],
            number=place,
            is_caught=is_caught(flat, run, after[id(run)]),
            now=now,
        )
        for place, run in enumerate(execution.states)
    }


def draw_whole(
    layout: Layout,
    views: dict[str, StateView],
    execution: ExecutionTrace,
    ending: str,
    *,
    interactive: bool,
) -> Iterator[str]:
    """Return the elements from back to front. `ending` is the class of what the execution did."""
    walked = _walked(layout, execution)
    for box in layout.boxes:
        if box.state.branches:
            yield _frame(box, views.get(box.state.name), interactive=interactive)
    for line in sorted(layout.lines, key=lambda line: (line.transition in walked, not _is_catch(line))):
        yield _line(line, layout, is_taken=line.transition in walked)
    for label in layout.labels:
        yield draw_label(label, "chosen" if label.transition in walked else "pale")
    last = execution.runs[-1].name if execution.runs else ""
    for box in layout.boxes:
        if not box.state.branches:
            is_end = box.state.name == last and box.state.type in ENDINGS
            yield _box(box, views.get(box.state.name), ending if is_end else "", interactive=interactive)


def _steps(runs: Sequence[StateRun]) -> Iterator[tuple[StateRun | None, StateRun | None]]:
    """Yield each step as its two states; the first one of a sequence has none before, the last none after."""
    yield from zip([None, *runs], [*runs, None], strict=True)
    for run in runs:
        for branch in run.branches:
            yield from _steps(branch.runs)


def _flat(layout: Layout) -> Machine:
    return Machine(start="", states={}, transitions=tuple(line.transition for line in layout.lines))


def _walked(layout: Layout, execution: ExecutionTrace) -> set[Transition]:
    flat = _flat(layout)
    walked: set[Transition] = set()
    for run, after in _steps(execution.runs):
        if run and after:
            walked.update(taken(flat, run, after))
        elif after or (run and run.exited and not run.error):
            ends = (run.name if run else "", after.name if after else "")
            walked.update(each for each in flat.transitions if (each.source, each.target) == ends)
    return walked


def _is_catch(line: Line) -> bool:
    return line.transition.kind is TransitionKind.CATCH


def _line(line: Line, layout: Layout, *, is_taken: bool) -> str:
    class_ = ("wire" if is_taken else "stub-line") + (" by-error" if _is_catch(line) else "")
    head = ("wire-head" if is_taken else "stub-head") + (" by-error" if _is_catch(line) else "")
    parts = [element("path", d=rounded(line.points), class_=class_)]
    if line.transition.target:
        parts.append(element("polygon", points=arrowhead(line.points), class_=head))
    if line is next((each for each in layout.lines if not each.transition.source), None):
        x, y = line.points[0]
        parts.append(element("circle", cx=x, cy=y, r=_DOT, class_="start"))
    return element("g", *parts)


def _box(box: Box, view: StateView | None, ending: str, *, interactive: bool) -> str:
    parts = [outline(box), *_words(box, view)]
    if not view:
        return _not_reached(box, parts)
    place = box.x + box.width - _SIGN / 2 - 4, box.y - _SIGN / 2
    parts.append(sign(ending or view.standing, *place))
    return state_group(view, parts, interactive=interactive, class_=f"at-end {ending}" if ending else "")


def _words(box: Box, view: StateView | None) -> Iterator[str]:
    state = box.state
    width = text_width(state.name, NAME_FONT_SIZE)
    if state.type in {"Choice", "Pass", *ENDINGS}:
        yield text(state.name, box.x + box.width / 2, box.y + box.height / 2 + 4, width, "box-name middle")
        return
    x = box.x + BOX_PADDING
    yield icon(state.service or state.type, x, box.y + (box.height - ICON_SIZE) / 2)
    x += ICON_SIZE + BOX_PADDING
    yield text(state.name, x, box.y + 16.5, width, "box-name")
    words = fitted(_facts(view) if view else state.service, box.x + box.width - x - 2, _FACT_SIZE)
    yield text(words, x, box.y + 29.5, text_width(words, _FACT_SIZE), "box-fact")


def _facts(view: StateView) -> str:
    """Return the time and, when there were more than one, the attempts: the picture has no room for more."""
    time, *others = view.facts or ("",)
    return ", ".join([time, *(each.partition(",")[0] for each in others if "attempts" in each)])


def _frame(box: Box, view: StateView | None, *, interactive: bool) -> str:
    state, bottom, right = box.state, box.y + box.height, box.x + box.width
    width = text_width(state.name, NAME_FONT_SIZE)
    facts = facts_text(view.all_facts) if view else ""
    height = box.height - FRAME_HEADER / 2 - 2
    parts = [
        element(
            "rect", x=box.x, y=box.y + FRAME_HEADER / 2, width=box.width, height=height, rx=8, class_="frame"
        ),
        element("rect", x=box.x, y=box.y, width=box.width, height=FRAME_HEADER, rx=6, class_="shape"),
        text(state.name, box.x + 12, box.y + 18, width, "box-name"),
        text(facts, box.x + 20 + width, box.y + 18, text_width(facts, _FACT_SIZE), "box-fact"),
        element("path", d=f"M{number(box.x + 2)},{number(bottom - 2)}H{number(right - 2)}", class_="join"),
    ]
    if not view:
        return _not_reached(box, parts)
    parts.append(sign(view.standing, right - _SIGN - 6, box.y + 4))
    return state_group(view, parts, interactive=interactive, class_="frame-of")


def _not_reached(box: Box, parts: Sequence[str]) -> str:
    title = element("title", escaped(f"{box.state.name}: not reached"))
    return element("g", title, *parts, class_="state not-reached pale", data_state=box.state.name)
