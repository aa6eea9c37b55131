"""The structure of a drawing: the main path, and the states that handle the errors of one step."""

from typing import Final

from orderctl.picture.machine import ENDINGS, Machine, Transition, TransitionKind

_ABNORMAL: Final = {TransitionKind.CATCH, TransitionKind.END}
_HANDLER_TYPES: Final = {"Task", *ENDINGS}


def main_path(machine: Machine) -> set[Transition]:
    """Return the path of an execution without errors.

    Of several transitions it takes the one to the first state in the file, which is usually the normal one.
    """
    written = {name: index for index, name in enumerate(machine.states)}
    path: dict[str, Transition] = {}
    name = ""
    while options := [
        each
        for each in machine.transitions
        if each.source == name and each.kind not in _ABNORMAL and each.target not in path
    ]:
        path[name] = min(options, key=lambda each: written[each.target])
        name = path[name].target
    return set(path.values())


def handlers(machine: Machine) -> dict[str, str]:
    """Return the step of each state that handles only the errors of this step, at most one for each step.

    The handler of a last step or of another handler is not included; it is drawn below.
    """
    beside: dict[str, str] = {}
    for name in machine.states:
        step = _handled_step(machine, name)
        if step and step not in beside.values():
            beside[name] = step
    return beside


def _handled_step(machine: Machine, name: str) -> str | None:
    entering = [each for each in machine.transitions if each.target == name]
    sources = {each.source for each in entering}
    if len(sources) != 1 or any(each.kind is not TransitionKind.CATCH for each in entering):
        return None
    (step,) = sources
    fits = machine.states[name].type in _HANDLER_TYPES and machine.states[step].type == "Task"
    continues = any(each.source == step and each.kind is TransitionKind.NEXT for each in machine.transitions)
    is_handler = all(each.kind is TransitionKind.CATCH for each in machine.transitions if each.target == step)
    return step if fits and continues and not is_handler else None
