"""Calls to AWS and to payment providers, and what such calls need: time budgets, the fault switch."""
