"""Draws the execution of an order as a picture, in SVG."""
