"""What a sweep found, read from the store."""
