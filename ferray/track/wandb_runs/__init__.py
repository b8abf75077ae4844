"""Runs of W&B: what they contain, how they are written, and how they are brought up to the record."""
