"""A sweep as one HTML page that needs no network: what it found, what it cost, and what it does not say."""
