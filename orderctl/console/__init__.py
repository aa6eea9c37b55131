"""The console: pages in the browser that show orders live. Needs the extra `order-processing[console]`."""
