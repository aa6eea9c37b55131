"""Amazon States Language: reading the definition, and running it with moto's interpreter."""
