"""Patches of MiniStack where it differs from AWS for this system or its users."""

from devtools.local_cloud.patches import (
    event_archives,
    event_bus_policies,
    event_dead_letters,
    execution_logs,
    gateway_errors,
    gateway_paths,
    iam_calls,
    lambda_concurrency,
    lambda_errors,
    lambda_forks,
    lambda_logs,
    lambda_start,
    lambda_updates,
    noted_requests,
    public_parameters,
    quick_dynamodb,
    quick_saving,
    reused_threads,
    role_sessions,
    saved_queries,
    schedules,
    stable_address,
    state_machine_versions,
    step_functions,
    stream_batches,
    stream_positions,
)


def apply_patches() -> None:
    """Patch MiniStack in this process, in any order; raise PatchOutdatedError for another version."""
    lambda_logs.apply()
    lambda_errors.apply()
    lambda_forks.apply()
    lambda_start.apply()
    reused_threads.apply()
    lambda_concurrency.apply()
    lambda_updates.apply()
    gateway_errors.apply()
    gateway_paths.apply()
    stable_address.apply()
    event_dead_letters.apply()
    event_archives.apply()
    event_bus_policies.apply()
    public_parameters.apply()
    saved_queries.apply()
    schedules.apply()
    iam_calls.apply()
    role_sessions.apply()
    noted_requests.apply()
    step_functions.apply()
    execution_logs.apply()
    state_machine_versions.apply()
    stream_positions.apply()
    stream_batches.apply()
    quick_dynamodb.apply()
    quick_saving.apply()
