"""Derivations line by line, and the dimensions ledger."""
