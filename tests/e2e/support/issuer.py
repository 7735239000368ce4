"""An issuer of tokens: the certified `oidc-provider` of tests/node/issuer.mjs."""

import json
import os
import subprocess
import time
import urllib.request
from urllib.parse import urlencode

from support import leaks
from support.process import ROOT

AUDIENCE = "urn:gateway"
# What its tokens mean to a gateway.
TOKENS = {
    "enable_jwt_auth": True,
    "litellm_jwtauth": {"team_ids_jwt_field": "groups", "end_user_id_jwt_field": "customer"},
}


class Issuer:
    """Gives tokens to the clients `engineering`, `research`, `stranger` and `root`; each says the client and `everybody`
    as its `groups`."""

    def __init__(self):
        self._secret = leaks.plant("secret of the issuer's clients")
        self._node = subprocess.Popen(
            ["node", ROOT / "tests/node/issuer.mjs"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "CLIENT_SECRET": self._secret},
        )
        self.url = self._answer()["url"]

    def environment(self):
        return {"JWT_PUBLIC_KEY_URL": f"{self.url}/jwks", "JWT_AUDIENCE": AUDIENCE, "JWT_ISSUER": self.url}

    def introspection(self):
        """The variables with which a gateway asks this issuer about tokens."""
        return {
            "OAUTH_TOKEN_INFO_ENDPOINT": f"{self.url}/token/introspection",
            "OAUTH_CLIENT_ID": "stranger",
            "OAUTH_CLIENT_SECRET": self._secret,
            "OAUTH_USER_ID_FIELD_NAME": "client_id",
            "OAUTH_USER_TEAM_ID_FIELD_NAME": "groups",
        }

    def revoke(self, client, token):
        """Takes a token back."""
        asked = {"token": token, "client_id": client, "client_secret": self._secret}
        urllib.request.urlopen(f"{self.url}/token/revocation", urlencode(asked).encode(), timeout=60).close()

    def token(self, client, **fields):
        """A token for client credentials, as any client of the issuer gets it."""
        asked = {"grant_type": "client_credentials", "client_id": client, "client_secret": self._secret, **fields}
        # Not by the client whose answers are searched for secrets: this one is to hold a token.
        with urllib.request.urlopen(f"{self.url}/token", urlencode(asked).encode(), timeout=60) as answer:
            return _planted(json.load(answer)["access_token"])

    def signed(self, **claims):
        """A token that the issuer's key signed and that the issuer would never give. `header` may say more of it."""
        usual = {"iss": self.url, "aud": AUDIENCE, "sub": "engineering", "exp": int(time.time()) + 600}
        said = {name: value for name, value in (usual | claims).items() if value is not None}
        return _planted(self._command(f"sign {json.dumps(said)}")["token"])

    def rotate(self):
        """Puts another key in the place of the one before."""
        self._command("rotate")

    def close(self):
        self._node.kill()
        self._node.wait()

    def _command(self, line):
        self._node.stdin.write(line + "\n")
        self._node.stdin.flush()
        return self._answer()

    def _answer(self):
        line = self._node.stdout.readline()
        assert line, "the issuer ended"
        return json.loads(line)


def _planted(token):
    """No log may show it; a signed one is its signature."""
    leaks.plant("token", token.rsplit(".", 1)[-1])
    return token
