"""Names of samples that are a line of a file: `fer2013.csv:7`, counted from 1 at the top of the file, as editors do."""

from __future__ import annotations

FILES = (".csv", ".xlsx", ".parquet", ".arrow")  # of which each line is a sample


def line_name(file: str, number: int) -> str:
    """The name of the sample in this line."""
    return f"{file}:{number}"


def split_name(name: str) -> tuple[str, str]:
    """File and line of a sample's name, the line "" where the whole file is the sample."""
    file, _, number = name.rpartition(":")
    return (file, number) if number.isdecimal() and file.lower().endswith(FILES) else (name, "")


def in_words(name: str) -> str:
    """Where a sample stands: its file, or `line 7 of fer2013.csv`; tables count rows."""
    file, number = split_name(name)
    kind = "line" if file.lower().endswith(".csv") else "row"
    return f"{kind} {number} of {file}" if number else name
