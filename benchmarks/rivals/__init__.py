"""What the same results cost with other tools, each in the best form we know."""
