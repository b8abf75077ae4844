"""Metrics, intervals and tests of differences: numbers in, numbers out. No record, file or network is known here."""
