"""Is my answer right? Layouts, mistakes and verdicts."""
