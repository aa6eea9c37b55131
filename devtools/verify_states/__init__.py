"""Compares the recordings with AWS's own Step Functions engine (TestState); nothing is deployed."""
