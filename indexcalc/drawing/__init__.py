"""Drawings of diagrams: layout, scenes, and a writer for each format."""
