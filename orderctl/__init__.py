"""Operates a deployed stack from the command line."""
