"""Stepwise: a GitHub App that holds a pull request to its plan."""

__version__ = "0.1.0"
