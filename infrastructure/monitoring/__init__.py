"""Metrics, dashboard and alarms of a stage."""
