"""The demo: a real plan executed and closed out, on this machine, in front of your eyes."""
