"""What must not be lost: deliveries, runs, ledger and outbox."""
