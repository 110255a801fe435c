"""From a node to matrix notation: reduction, factoring, recognition, vec and slices."""
