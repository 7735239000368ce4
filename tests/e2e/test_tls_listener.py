"""`postern` under TLS, as clients, OpenSSL and a scanner see it."""

import json
import shutil
import socket
import ssl
import subprocess
import sys
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx2
import openai
import pytest

from support.authority import Authority
from support.gateway import BINARIES, MASTER_KEY, write_config
from support.process import Process, eventually
from support.upstream import API_KEY

HELLO = [{"role": "user", "content": "one two three"}]


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def config(provider, tmp_path_factory):
    return write_config(tmp_path_factory.mktemp("tls") / "config.yaml", provider.url, API_KEY, MASTER_KEY)


class Secured:
    """A gateway under TLS, and clients that trust its authority."""

    def __init__(self, authority, process):
        self.authority, self.process = authority, process
        self.url = process.wait_until_says(r"Postern listens on (https://\S+)")
        self.port = urlsplit(self.url).port

    def context(self, shows=None):
        context = ssl.create_default_context(cafile=self.authority.certificate_path)
        if shows:
            context.load_cert_chain(shows.certificate_path, shows.key_path)
        return context

    def client(self, shows=None):
        http = openai.DefaultHttpxClient(verify=self.context(shows))
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key=MASTER_KEY, max_retries=0, timeout=60, http_client=http)

    def alive(self, shows=None):
        return httpx2.get(f"{self.url}/health/liveliness", verify=self.context(shows), timeout=60)

    def certificate(self):
        """The serial number of the certificate that a new client is shown."""
        with socket.create_connection(("127.0.0.1", self.port)) as plain:
            with self.context().wrap_socket(plain, server_hostname="localhost") as connection:
                return int(connection.getpeercert()["serialNumber"], 16)

    def openssl(self, *arguments):
        """What `openssl s_client` says."""
        command = ["openssl", "s_client", "-connect", f"127.0.0.1:{self.port}", "-CAfile", self.authority.certificate_path]
        done = subprocess.run([*command, *arguments], input=b"", capture_output=True, timeout=60)
        return done.returncode, (done.stdout + done.stderr).decode()


@pytest.fixture(scope="module")
def start(authority, config, logs):
    """Starts a gateway with this certificate and these options. They end with the module."""
    with ExitStack() as ends:

        def start(name, signed, *options):
            files = ["--ssl_certfile_path", signed.certificate_path, "--ssl_keyfile_path", signed.key_path]
            arguments = [BINARIES / "postern", "--config", config, "--port", 0, "--store", "memory", *files, *options]
            process = Process(f"tls-{name}", arguments, logs)
            ends.callback(process.end)
            return Secured(authority, process)

        yield start


@pytest.fixture(scope="module")
def secured(start, authority):
    return start("usual", authority.sign("usual"))


def check(config, environment):
    """Whether the options are right, and what is said of them."""
    done = subprocess.run(
        [BINARIES / "postern", "--config", config, "--check"], env=environment, capture_output=True, timeout=60
    )
    return done.returncode, done.stderr.decode()


def test_the_official_client_streams_under_tls_where_it_trusts_the_authority(secured):
    client = secured.client()
    with client.chat.completions.create(model="echo", messages=HELLO, stream=True) as stream:
        assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices).strip() == "You said: one two three"
    stranger = openai.OpenAI(base_url=f"{secured.url}/v1", api_key=MASTER_KEY, max_retries=0)
    with pytest.raises(openai.APIConnectionError):
        stranger.models.list()


def test_every_answer_tells_browsers_to_stay_with_https(secured):
    for path in ("/health/liveliness", "/nowhere", "/v1/chat/completions"):
        answer = httpx2.post(f"{secured.url}{path}", verify=secured.context(), json={})
        assert answer.headers["strict-transport-security"] == "max-age=31536000", path
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"


def test_an_answer_in_the_clear_says_nothing_of_https(postern):
    answer = postern.call("/v1/chat/completions", {"model": "echo", "messages": HELLO})
    assert "strict-transport-security" not in answer.headers
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_both_versions_of_http_are_spoken(secured):
    for flag, version in (("--http2", "2"), ("--http1.1", "1.1")):
        url = f"{secured.url}/health/liveliness"
        command = ["curl", "-s", flag, "--cacert", secured.authority.certificate_path, "-w", " %{http_version}", url]
        assert subprocess.run(command, capture_output=True, timeout=60).stdout == f'"I\'m alive!" {version}'.encode()


def test_a_client_in_the_clear_is_told_what_to_do(secured):
    answer = httpx2.post(f"http://127.0.0.1:{secured.port}/v1/chat/completions", json={"model": "echo", "messages": HELLO})
    assert answer.status_code == 400
    assert "https://" in answer.json()["error"]["message"]


def test_silent_clients_keep_nobody_out(secured):
    with ExitStack() as silent:
        for _ in range(1200):
            silent.enter_context(socket.create_connection(("127.0.0.1", secured.port)))
        assert secured.alive().status_code == 200


def test_openssl_speaks_the_newer_versions_and_no_older(secured):
    assert "Verify return code: 0 (ok)" in secured.openssl("-tls1_3")[1]
    assert "Verify return code: 0 (ok)" in secured.openssl("-tls1_2")[1]
    old = "DEFAULT:@SECLEVEL=0"
    assert secured.openssl("-tls1_1", "-cipher", old)[0] != 0
    assert secured.openssl("-tls1_2", "-cipher", f"AES128-SHA:{old}:!ECDHE")[0] != 0


def test_the_oldest_version_and_the_ciphers_are_settings(start, authority):
    newest = start("newest", authority.sign("newest"), "--tls_min_version", "1.3")
    assert newest.openssl("-tls1_2")[0] != 0
    assert newest.openssl("-tls1_3")[0] == 0
    chosen = start("chosen", authority.sign("chosen"), "--ciphers", "ECDHE+AES256")
    assert chosen.openssl("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256")[0] != 0
    assert "ECDHE-ECDSA-AES256-GCM-SHA384" in chosen.openssl("-tls1_2")[1]


def test_a_renewed_certificate_is_shown_while_a_stream_goes_on(start, authority, upstream):
    first, second = authority.sign("first"), authority.sign("second")
    gateway = start("renewed", first, "--tls_reload_seconds", "1")
    assert gateway.certificate() == first.serial
    upstream.release()
    with gateway.client().chat.completions.create(model="gated", messages=HELLO, stream=True) as stream:
        chunks = iter(stream)
        next(chunks)
        # Half of a renewal: what was shown before is shown still.
        shutil.copy(second.certificate_path, first.certificate_path)
        eventually(lambda: "keeps its certificate" in gateway.process.output())
        assert gateway.certificate() == first.serial
        shutil.copy(second.key_path, first.key_path)
        eventually(lambda: gateway.certificate() == second.serial)
        for _ in range(10):
            upstream.release()
        assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"


def test_clients_show_certificates_of_the_authority_that_are_not_revoked(start, authority, tmp_path):
    good, bad, stranger = authority.sign("good"), authority.sign("bad"), Authority(tmp_path, "strange").sign("stranger")
    ask = ["--tls_client_ca_path", authority.certificate_path, "--tls_client_crl_path", authority.revoke(bad)]
    required = start("required", authority.sign("required"), *ask)
    optional = start("optional", authority.sign("optional"), *ask, "--tls_client_auth", "optional")
    assert required.client(good).models.list().data
    for gateway in (required, optional):
        assert gateway.alive(good).status_code == 200
        for refused in (bad, stranger):
            with pytest.raises(httpx2.TransportError):
                gateway.alive(refused)
    with pytest.raises(httpx2.TransportError):
        required.alive()
    assert optional.alive().status_code == 200


def test_what_cannot_be_served_stops_the_start(config, authority):
    one, other = authority.sign("one"), authority.sign("other")
    files = {"SSL_CERTFILE_PATH": str(one.certificate_path), "SSL_KEYFILE_PATH": str(one.key_path)}
    assert check(config, files) == (0, "")
    for wrong, said in (
        ({"SSL_KEYFILE_PATH": str(other.key_path)}, "the key does not belong to the certificate"),
        ({"SSL_KEYFILE_PATH": "/nowhere.key"}, "`/nowhere.key` (from `--ssl_keyfile_path`) cannot be used"),
        ({"POSTERN_TLS_CIPHERS": "RC4"}, "`RC4` names no cipher"),
        ({"POSTERN_TLS_CLIENT_CA_PATH": str(one.key_path)}, "it holds no certificate"),
    ):
        code, error = check(config, files | wrong)
        assert code == 1
        assert said in error
    code, error = check(config, {"SSL_CERTFILE_PATH": files["SSL_CERTFILE_PATH"]})
    assert (code, "`--ssl_keyfile_path` is not" in error) == (1, True)


def test_a_scanner_finds_nothing(secured, tmp_path):
    found = tmp_path / "found.json"
    scans = ["--sslv2", "--sslv3", "--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3", "--heartbleed", "--robot", "--reneg"]
    scans += ["--compression", "--openssl_ccs", "--fallback", "--early_data", "--resum", "--elliptic_curves"]
    subprocess.run(
        [sys.executable, "-m", "sslyze", *scans, "--mozilla_config=disable", f"--json_out={found}", f"localhost:{secured.port}"],
        check=True,
        capture_output=True,
        timeout=240,
    )
    (scan,) = json.loads(found.read_text())["server_scan_results"]
    results = {name: one["result"] for name, one in scan["scan_result"].items() if one["status"] == "COMPLETED"}
    for version in ("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1"):
        assert not results[f"{version}_cipher_suites"]["accepted_cipher_suites"], version
    for version in ("tls_1_2", "tls_1_3"):
        accepted = results[f"{version}_cipher_suites"]["accepted_cipher_suites"]
        assert accepted and all(one["ephemeral_key"] for one in accepted)
        names = [one["cipher_suite"]["name"] for one in accepted]
        assert all("GCM" in name or "CHACHA20" in name for name in names), names
    assert not results["heartbleed"]["is_vulnerable_to_heartbleed"]
    assert not results["openssl_ccs_injection"]["is_vulnerable_to_ccs_injection"]
    assert results["robot"]["robot_result"].startswith("NOT_VULNERABLE")
    assert not results["session_renegotiation"]["is_vulnerable_to_client_renegotiation_dos"]
    assert not results["tls_compression"]["supports_compression"]
    assert not results["tls_1_3_early_data"]["supports_early_data"]
    assert secured.alive().status_code == 200
