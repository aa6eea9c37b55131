"""Rich tables and trees of orders, products, imports and executions."""
