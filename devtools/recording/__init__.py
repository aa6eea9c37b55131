"""Recorded executions of the order workflow: scenarios, recording them, replaying them without a network."""
