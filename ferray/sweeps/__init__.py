"""A sweep from its pre-flight check to its last trial: the driver, its rules, and what it begins with."""
