"""Patches of MiniStack where it differs from AWS for this system or its users."""

from devtools.local_cloud.patches import (
    event_dead_letters,
    gateway_errors,
    lambda_concurrency,
    lambda_errors,
    lambda_logs,
    public_parameters,
    schedules,
    step_functions,
)


def apply_patches() -> None:
    """Patch MiniStack in this process, in any order; raise PatchOutdatedError for another version."""
    lambda_logs.apply()
    lambda_errors.apply()
    lambda_concurrency.apply()
    gateway_errors.apply()
    event_dead_letters.apply()
    public_parameters.apply()
    schedules.apply()
    step_functions.apply()
