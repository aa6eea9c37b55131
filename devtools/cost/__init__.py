"""Measures what an order costs: it counts calls, units, states and log bytes on a local cloud."""
