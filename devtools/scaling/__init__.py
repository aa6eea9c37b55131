"""Simulates the quotas that bind this system, and writes docs/scaling.md: `make scaling`."""
