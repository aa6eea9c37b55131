"""Everything that talks to AWS or to a payment provider."""
