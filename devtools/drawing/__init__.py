"""Draws a state machine as SVG, with the path of a recorded execution marked."""
