"""One trial from configuration to epochs: assemble, loop, checkpoints, seeding."""
