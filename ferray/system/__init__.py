"""What this machine offers a process: cores, signals, hosts that answer."""
