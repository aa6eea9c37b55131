"""Recordings of the workflow: made on a deployed stack or from a script, replayed, and compared."""
