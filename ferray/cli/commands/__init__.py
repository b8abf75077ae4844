"""The commands, a module each and named for it: what is asked goes to `ferray.apps`, what comes back is printed."""
