"""`python -m ferray`, the same as `ferray`."""

from __future__ import annotations

from ferray.cli import main

if __name__ == "__main__":
    main()
