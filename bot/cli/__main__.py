"""`python -m bot.cli`: the same as `stepwise`."""

from bot.cli.main import app

app()
