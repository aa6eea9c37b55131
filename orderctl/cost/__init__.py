"""What orders cost on AWS: measured numbers of units, times a dated price list."""
