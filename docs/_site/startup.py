"""What every kernel of the site runs first."""

import sys

# What a cell prints arrives in one piece, at its end: the same in every build.
sys.stdout.flush_interval = 3600
