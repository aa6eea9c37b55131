"""The game day: causes each failure on a local cloud, watches its alarm, and runs the runbook's commands."""
