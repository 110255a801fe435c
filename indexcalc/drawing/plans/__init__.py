"""Plans as trees."""
