"""`ferray cluster down`: what `up` started, ended."""

from __future__ import annotations

from ferray.cli.commands.cluster_up import LauncherPath
from ferray.cli.terminal.output import say
from ferray.cli.terminal.question import Yes, is_wanted


def down(file: LauncherPath, yes: Yes = False) -> None:
    """End a cluster: its jobs, Ray, and machines that are rented, with all that lies on their disks. It asks first."""
    from ferray.cluster.extra import refuse_missing
    from ferray.cluster.launcher import launch, read_launcher_file

    found = read_launcher_file(file)
    refuse_missing("down")
    lost = "its machines and their disks" if found.is_rented else "its jobs and Ray on its machines"
    if not yes and not is_wanted(f"end {found.name}, {lost}?", f"whether `{found.name}` should end"):
        say(f"`{found.name}` stays")
        return
    launch("down", found, say)
    say(f"`{found.name}` has ended")
