"""Data sets, their splits, and the packed arrays every trial maps read-only."""
