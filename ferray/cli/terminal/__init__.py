"""How things are drawn and said on a terminal, and where there is none."""
