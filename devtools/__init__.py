"""What is only for development: the local cloud, recording, drawing, the demo and lint. Never deployed."""
