"""The front door of a checkout: `python cli.py sweep sfew`. The installed command is `ferray`."""

from __future__ import annotations

from ferray.cli import main

if __name__ == "__main__":
    main()
