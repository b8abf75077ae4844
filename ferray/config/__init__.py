"""What is asked for: the trial (the science), the space, the sweep, the runtime (the place). Free of torch."""
