"""The command line. Ctrl-C is answered before the commands are imported, which takes longer than most answers."""

from __future__ import annotations

import sys
from typing import NoReturn

from ferray.errors import INTERRUPTED_EXIT_CODE
from ferray.system.signals import comes_of_a_stop, interrupt_on_every_stop


def main(args: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with the code that DESIGN promises; a user's mistake never shows a traceback."""
    interrupt_on_every_stop()
    try:
        from ferray.cli.app import begin

        code = begin(sys.argv[1:] if args is None else args)
    except BaseException as error:
        if not comes_of_a_stop(error):
            raise
        code = INTERRUPTED_EXIT_CODE
    sys.exit(code)
