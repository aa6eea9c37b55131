"""Shows how the calls and the time of an order grow with the stored orders, and with its lines."""
