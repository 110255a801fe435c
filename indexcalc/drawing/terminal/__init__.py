"""Diagrams in characters."""
