"""Tools for development: the local cloud, recording, drawing, the demo and lint. They are never deployed."""
