"""Files: written whole or not at all, read within bounds, for their owner alone."""
