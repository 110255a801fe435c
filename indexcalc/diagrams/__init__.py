"""Contraction diagrams: the model, from a node and back; no geometry."""
