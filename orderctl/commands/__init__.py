"""orderctl's commands: each module has a Typer app, which orderctl.main adds."""
