"""Checks that an account is ready for a stage, and that a deployed stage is as it should be."""
