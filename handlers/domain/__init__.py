"""The rules of an order: pure Python, no input or output."""
