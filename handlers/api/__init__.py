"""The HTTP API: parsing requests, writing responses."""
