"""The keys that sign the tokens of workflow runs, and who may ask for one."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.sandbox.ci import WorkflowRun
from bot.sandbox.state import Json


@dataclass(frozen=True, slots=True)
class SigningKey:
    kid: str
    private: rsa.RSAPrivateKey

    def jwk(self) -> Json:
        algorithm = jwt.algorithms.RSAAlgorithm
        public: Json = algorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "n": public["n"], "e": public["e"]}


def new_key() -> SigningKey:
    """Make a key of 2048 bits with an id of its own."""
    return SigningKey(str(uuid.uuid4()).upper(), rsa.generate_private_key(public_exponent=65537, key_size=2048))


@dataclass(slots=True)
class Issuer:
    """The keys that are published, the last of which signs, and who may ask for a token by which bearer."""

    keys: list[SigningKey] = field(default_factory=list)
    bearers: dict[str, tuple[WorkflowRun, int]] = field(default_factory=dict)
    """text -> the run and its attempt"""

    def key(self) -> SigningKey:
        """Give the key that signs; the first is made when it is needed."""
        if not self.keys:
            self.keys.append(new_key())
        return self.keys[-1]

    def rotate(self, *, keep: bool) -> SigningKey:
        """Sign with a new key from now on; `keep` leaves the old ones published."""
        old = [*self.keys] if keep else []
        self.keys = [*old, new_key()]
        return self.keys[-1]
