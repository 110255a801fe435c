"""Expressions and functions as versioned JSON documents, and back the same objects."""
