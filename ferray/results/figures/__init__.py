"""Pictures of a sweep, drawn from its record and its histories; the only room that knows matplotlib."""
