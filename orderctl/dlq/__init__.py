"""Dead-letter queues: reading them, and redriving what they hold."""
