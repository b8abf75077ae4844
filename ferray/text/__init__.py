"""Words that are printed: counts, commands as they are installed, and what others wrote made harmless."""
