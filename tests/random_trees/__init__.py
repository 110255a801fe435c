"""Random well-typed trees of the text language, and how they are made."""
