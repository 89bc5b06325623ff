"""The REST endpoints, one module per concern; importing a module registers its endpoints."""
