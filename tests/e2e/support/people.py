"""A provider at which people sign in, the certified `oidc-provider` of tests/node/people.mjs, and a browser for them."""

import json
import os
import re
import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass
from html import unescape
from http.cookiejar import CookieJar
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

from support import leaks
from support.process import ROOT


class People:
    """Signs in whoever is set, for a gateway that is sent back to at `redirects`."""

    def __init__(self, *redirects):
        self.secret = leaks.plant("secret of the client that people sign in at")
        self._node = subprocess.Popen(
            ["node", ROOT / "tests/node/people.mjs"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "CLIENT_SECRET": self.secret, "REDIRECTS": ",".join(redirects)},
        )
        self.url = self._answer()["url"]

    def next(self, sub, **claims):
        """Who comes in next."""
        self._command(f"person {json.dumps({'sub': sub, **claims})}")

    def next_says_no(self):
        self._command("person null")

    def answers_codes(self, how):
        self._command(f"token {how}")

    def close(self):
        self._node.kill()
        self._node.wait()

    def _command(self, line):
        self._node.stdin.write(line + "\n")
        self._node.stdin.flush()
        self._answer()

    def _answer(self):
        line = self._node.stdout.readline()
        assert line, "the provider ended"
        return json.loads(line)


@dataclass
class Page:
    url: str
    status: int
    headers: object
    text: str

    @property
    def key(self):
        """The session's key, which no log may show."""
        return leaks.plant("session key", re.search(r"<code>(sk-[^<]+)</code>", self.text)[1])

    def form(self):
        """Where its form goes, and its hidden fields."""
        fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', self.text)
        return urljoin(self.url, re.search(r'<form method="post" action="([^"]+)"', self.text)[1]), dict(fields)


def _plant_code(url):
    for code in parse_qs(urlsplit(url).query).get("code", []):
        leaks.plant("code of a sign-in", code)


class _Stays(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Browser:
    """Follows redirects and keeps cookies. Not the client whose answers are searched for secrets: it is to hold a key."""

    def __init__(self, accept="text/html"):
        self.cookies = CookieJar()
        self._accept = accept

    def open(self, url, form=None, follows=True):
        cookies = urllib.request.HTTPCookieProcessor(self.cookies)
        opener = urllib.request.build_opener(cookies, *([] if follows else [_Stays()]))
        body = urlencode(form).encode() if form is not None else None
        request = urllib.request.Request(url, body, {"Accept": self._accept})
        try:
            answer = opener.open(request, timeout=60)
        except urllib.error.HTTPError as refused:
            answer = refused
        with answer:
            _plant_code(answer.url)
            for cookie in (cookie for cookie in self.cookies if cookie.name.startswith("postern_sso_")):
                leaks.plant("cookie of a sign-in", cookie.value)
            return Page(answer.url, answer.status, answer.headers, unescape(answer.read().decode()))

    def goes_back(self, url):
        """Goes where it is sent, until it is sent back to the gateway: that address."""
        for _ in range(10):
            page = self.open(url, follows=False)
            url = urljoin(url, page.headers["location"])
            if "/sso/callback" in url:
                _plant_code(url)
                return url
        raise AssertionError(f"never sent back: {url}")
