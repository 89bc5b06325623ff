"""Settings as a process would read them, without being one."""

from __future__ import annotations

import os
from collections.abc import Mapping

from bot.settings import Settings, load_settings


def settings_from(environment: Mapping[str, str]) -> Settings:
    """The settings that a process with these variables has."""
    before = dict(os.environ)
    try:
        os.environ.update(environment)
        return load_settings(None)
    finally:
        os.environ.clear()
        os.environ.update(before)
