"""The look of placed diagrams, as lines, circles and texts."""
