"""Real git repositories, read and written in this process."""
