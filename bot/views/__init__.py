"""What people read: the checklist, the checks, replies and records."""
