"""The operator's command line, and the local cloud it can start."""
