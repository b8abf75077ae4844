"""What papers printed, held against what sweeps of ours scored."""
