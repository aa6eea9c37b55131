"""The demo: orders of every kind, and how each must end."""
