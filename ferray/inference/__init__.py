"""A trained model asked about files: their frames and faces, the answers in batches, and how they are told."""
