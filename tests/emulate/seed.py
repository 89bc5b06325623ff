"""Who and what there is in the emulator: the Acme of the sandbox's own seed, as far as the emulator knows such things.

Roles of people, files and labels cannot be seeded; `World` brings them in over HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[2]
MANIFEST: Final[dict[str, Any]] = yaml.safe_load((ROOT / "app.yml").read_text())
APP_ID: Final = 4242
CI_APP_ID: Final = 5151
INSTALLATION: Final = 777
CI_INSTALLATION: Final = 888
SLUG: Final = "stepwise"
BOT: Final = f"{SLUG}[bot]"
SECRET: Final = "an emulated webhook's secret"
ROLES: Final = {"mona": "admin", "maria": "maintain", "coda": "push", "tom": "triage", "rita": "pull"}
"""Who may do what in the shop, in the emulator's words. Olivia owns the organisation; Oscar has no role at all."""
PEOPLE: Final = ("olivia", *ROLES, "oscar")


def token(login: str) -> str:
    return f"token-of-{login}"


def seed(key: str, webhook: str, permissions: Mapping[str, str]) -> dict[str, Any]:
    """The App has the permissions of `app.yml`, or fewer, and hears its events and no others."""
    return {
        "tokens": {token(login): {"login": login, "scopes": ["repo", "admin:org"]} for login in PEOPLE},
        "github": {
            # The emulator takes an unknown token for the first user's: that one may do nothing.
            "users": [{"login": "nobody"}, *({"login": login} for login in PEOPLE)],
            "orgs": [{"login": "acme", "members": [{"login": "olivia", "role": "admin"}]}],
            "repos": [
                {"owner": "acme", "name": "shop", "private": True, "auto_init": True},
                {"owner": "acme", "name": "elsewhere", "private": True, "auto_init": True},
            ],
            "apps": [
                _app(APP_ID, SLUG, key, permissions, MANIFEST["default_events"], INSTALLATION)
                | {"webhook_url": webhook, "webhook_secret": SECRET},
                _app(CI_APP_ID, "ci", key, {"metadata": "read", "checks": "write"}, [], CI_INSTALLATION),
            ],
        },
    }


def _app(
    app_id: int, slug: str, key: str, permissions: Mapping[str, str], events: list[str], installation: int
) -> dict[str, Any]:
    return {
        "app_id": app_id,
        "slug": slug,
        "name": slug.capitalize(),
        "private_key": key,
        "permissions": dict(permissions),
        "events": events,
        "installations": [
            {
                "installation_id": installation,
                "account": "acme",
                "repository_selection": "selected",
                "repositories": ["acme/shop"],
            }
        ],
    }
