"""Are two expressions the same function? Evidence of every kind."""
