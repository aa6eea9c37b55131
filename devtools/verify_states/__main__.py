"""Checks the recordings against AWS's own engine: `make verify-states`."""

from typing import Annotated

import typer

from devtools.asl.definition import read_definition
from devtools.recording.recording import Recording, recordings
from devtools.verify_states.engine import Engine, engine_on_aws
from devtools.verify_states.plan import plan, verify
from orderctl.errors import OperatorError
from orderctl.terminal import output, print_error, progress_bar


def main(
    *,
    only_list: Annotated[
        bool, typer.Option("--list", help="Print how many calls there are, and call nothing.")
    ] = False,
    profile: Annotated[str | None, typer.Option(metavar="NAME", help="AWS profile.")] = None,
    region: Annotated[str | None, typer.Option(metavar="REGION", help="AWS Region.")] = None,
) -> None:
    """Compare every recorded step with AWS's own engine. Nothing is deployed."""
    try:
        is_as_recorded = _run(only_list=only_list, profile=profile, region=region)
    except OperatorError as error:
        print_error(error)
        is_as_recorded = False
    raise typer.Exit(0 if is_as_recorded else 1)


def _run(*, only_list: bool, profile: str | None, region: str | None) -> bool:
    definition = read_definition()
    planned = plan(definition, [Recording.read(file) for file in recordings()])
    output.print(str(planned))
    if planned.missing:
        output.print(f"Not covered: {', '.join(planned.missing)}", markup=False)
    if only_list:
        return not planned.missing
    engine = engine_on_aws(definition, profile=profile, region=region)
    is_valid = _validate(engine)
    with progress_bar("steps", len(planned.requests)) as done:
        problems = verify(planned.requests, engine, done)
    for problem in problems:
        output.print(f"\n{problem}", markup=False)
    output.print(f"\n{len(problems)} of {len(planned.requests)} steps are not as recorded")
    return is_valid and not problems and not planned.missing


def _validate(engine: Engine) -> bool:
    is_valid, diagnostics = engine.diagnostics()
    output.print(f"AWS finds the definition {'valid' if is_valid else 'not valid'}")
    for diagnostic in diagnostics:
        output.print(diagnostic, markup=False)
    return is_valid


if __name__ == "__main__":
    typer.run(main)
