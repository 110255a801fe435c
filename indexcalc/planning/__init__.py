"""From a program to a plan: which products, in which order, at which cost."""
