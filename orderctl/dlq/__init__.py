"""Dead-letter queues and their redrive: queues and messages -> plan -> redrive -> tables."""
