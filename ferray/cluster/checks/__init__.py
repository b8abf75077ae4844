"""What can be said against the files of a cluster before machines are paid for: published validators, own rules."""
