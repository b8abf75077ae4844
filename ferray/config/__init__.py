"""What is asked for: the trial (the science), the space, the sweep, and the runtime (the place). No torch, optuna or ray."""
