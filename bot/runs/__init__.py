"""What may happen next: the run as pure functions of facts and events."""
