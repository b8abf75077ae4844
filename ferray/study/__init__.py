"""The study: what remembers every trial and decides which comes next and which stops."""
