"""Order files and product files in CSV."""
