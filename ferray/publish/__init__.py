"""What a sweep as a whole shows in W&B beside the runs of its trials: a run of its own, a saved view, a report."""
