"""Writers of models: DOT and Mermaid."""
