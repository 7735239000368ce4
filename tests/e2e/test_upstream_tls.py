"""TLS to providers against real peers: `openssl s_server` in each configuration, one gateway for all of them."""

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import openai
import pytest
import yaml

from support.certificates import Authority, converted, openssl
from support.gateway import BINARIES, CREDENTIALS, MASTER_KEY, PATIENCE, start_postern
from support.process import Process, eventually
from support.tls_upstream import BODY, NOTHING_SAID, SAID, Proxy, TlsServer
from support.upstream import API_KEY
from conftest import aws_client

HELLO = [{"role": "user", "content": "Hello"}]
ANY_LEVEL = ("-cipher", "ALL:@SECLEVEL=0")


class Case:
    """A server, and how a deployment calls it. `fails`: what the diagnostics say then; else what is agreed on."""

    def __init__(self, certificate, *options, fails=None, agreed=None, closes=False, **params):
        self.certificate, self.options, self.params = certificate, options, params
        self.fails, self.agreed, self.closes = fails, agreed or {}, closes


def cases(folder):
    """By name. A case trusts the plain authority where it does not say otherwise."""
    plain = Authority(folder)
    short = Authority(folder, "short", key=("rsa", 1024))
    p384 = Authority(folder, "p384", key=("ec", "secp384r1"), digest="sha384")
    p521 = Authority(folder, "p521", key=("ec", "secp521r1"), digest="sha512")
    good, weak = plain.sign("good"), plain.sign("weak", key=("rsa", 1024))
    below_short, sha1 = short.sign("below-short"), plain.sign("sha1", digest="sha1")
    ec256 = p384.sign("ec256", key=("ec", "prime256v1"), digest="sha384")
    ec384 = p384.sign("ec384", key=("ec", "secp384r1"), digest="sha384")
    ec521 = p521.sign("ec521", key=("ec", "secp521r1"), digest="sha512")
    rsa_client, ec_client = plain.sign("client", own=True), plain.sign("ec-client", key=("ec", "prime256v1"))
    alone = folder / "alone.pem"
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "alone.key", "-out", alone,
            "-subj", "/CN=alone", "-addext", "subjectAltName=IP:127.0.0.1")  # fmt: skip
    both = folder / "alone-both.pem"
    both.write_text(alone.read_text() + (folder / "alone.key").read_text())
    wants = ("-Verify", 1, "-verify_return_error", "-CAfile", plain.path)
    level = {number: {"ssl_security_level": f"DEFAULT@SECLEVEL={number}"} for number in range(6)}
    curves = {"X25519": "X25519", "prime256v1": "secp256r1", "secp384r1": "secp384r1", "secp521r1": "secp521r1"}
    found = {
        "private-authority": Case(good),
        "authority-of-s3": Case(good, ssl_verify="s3://certificates/ca.pem"),
        "authority-of-a-secret": Case(good, ssl_verify="aws_secret/postern/ca"),
        "not-trusted": Case(good, fails="authority that is not trusted", ssl_verify=True),
        "pinned": Case(both, ssl_verify=str(alone)),
        "expired": Case(plain.sign("expired", days=(-9, -2)), fails="its certificate expired on 20"),
        "not-yet": Case(plain.sign("not-yet", days=(2, 9)), fails="holds only from 20"),
        "wrong-host": Case(plain.sign("other", names="DNS:other.test"), fails="is for other.test, not for 127.0.0.1"),
        "unchecked": Case(folder / "expired.pem", ssl_verify=False),
        "unchecked-weak": Case(weak, *ANY_LEVEL, ssl_verify=False),
        "tls-1.2": Case(good, "-tls1_2", agreed={"version": "TLSv1_2"}),
        "tls-1.3": Case(good, "-tls1_3", agreed={"version": "TLSv1_3"}),
        "tls-1.0": Case(good, "-tls1", *ANY_LEVEL, fails="speaks TLS 1.0 at most"),
        "tls-1.1": Case(good, "-tls1_1", *ANY_LEVEL, fails="speaks TLS 1.1 at most"),
        "rsa-exchange": Case(good, "-tls1_2", "-cipher", "AES128-GCM-SHA256", fails="there is no RSA key exchange here"),
        "cbc": Case(good, "-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA", fails="there is no CBC suites here"),
        "any-curve": Case(good, "-curves", "secp521r1", agreed={"key_exchange": "secp521r1"}),
        "other-curve": Case(good, "-curves", "prime256v1", ssl_ecdh_curve="X25519", fails="key exchange X25519); remove `ssl_ecdh_curve`"),
        "unknown-curve": Case(good, "-curves", "prime256v1", ssl_ecdh_curve="x448"),
        "weak-key": Case(weak, *ANY_LEVEL, fails="an RSA key of 1024 bits, and level 2 asks for 2048"),
        "weak-key-1.2": Case(weak, "-tls1_2", *ANY_LEVEL, **level[1]),
        "weak-key-1.3": Case(weak, "-tls1_3", *ANY_LEVEL, **level[1]),
        "weak-key-level-0": Case(weak, *ANY_LEVEL, **level[0]),
        "weak-authority": Case(below_short, fails="short for level 2", ssl_verify=str(short.path)),
        "weak-authority-level-1": Case(below_short, ssl_verify=str(short.path), **level[1]),
        "sha1": Case(sha1, *ANY_LEVEL, fails="signed with SHA-1, and level 2 does not take that"),
        "sha1-level-1": Case(sha1, *ANY_LEVEL, **level[1]),
        "sha1-handshake": Case(good, "-tls1_2", "-cipher", "ALL:@SECLEVEL=0", "-sigalgs", "RSA+SHA1", **level[1]),
        "level-3": Case(ec256, ssl_verify=str(p384.path), **level[3]),
        "level-3-short": Case(good, fails="an RSA key of 2048 bits, and level 3 asks for 3072", **level[3]),
        "level-4": Case(ec384, "-tls1_3", ssl_verify=str(p384.path), **level[4]),
        "level-4-curve": Case(ec256, fails="(level 4); lower `ssl_security_level`",
                              ssl_verify=str(p384.path), **level[4]),
        "level-4-suite": Case(ec384, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256", ssl_verify=str(p384.path),
                              fails="lower `ssl_security_level`", **level[4]),
        "level-5": Case(ec521, "-curves", "secp521r1", ssl_verify=str(p521.path), **level[5],
                        agreed={"key_exchange": "secp521r1"}),
        "own-certificate": Case(good, *wants, ssl_certificate=str(rsa_client)),
        "own-certificate-1.2": Case(good, "-tls1_2", *wants, ssl_certificate=str(rsa_client)),
        "own-pkcs1": Case(good, *wants, ssl_certificate=str(folder / "client.crt"),
                          ssl_key=str(converted(rsa_client, "pkcs1"))),
        "own-pkcs8": Case(good, *wants, ssl_certificate=str(folder / "ec-client.crt"),
                          ssl_key=str(converted(ec_client, "pkcs8"))),
        "own-sec1": Case(good, *wants, ssl_certificate=str(folder / "ec-client.crt"),
                         ssl_key=str(converted(ec_client, "sec1"))),
        "own-key-beside": Case(good, *wants, ssl_certificate=str(folder / "client.crt")),
        "own-missing": Case(good, *wants, fails="client certificate"),
        "own-missing-1.2": Case(good, "-tls1_2", *wants, fails="client certificate"),
        "resumes": Case(good, closes=True),
        "resumes-1.2": Case(good, "-tls1_2", closes=True),
    }  # fmt: skip
    for name, agreed in curves.items():
        for version in ("tls1_2", "tls1_3"):
            options = (f"-{version}", "-curves", name)
            found[f"{name}-{version}"] = Case(good, *options, ssl_ecdh_curve=name, agreed={"key_exchange": agreed})
    return found


NAMES = (
    "private-authority authority-of-s3 authority-of-a-secret not-trusted pinned expired not-yet wrong-host unchecked "
    "unchecked-weak tls-1.2 tls-1.3 tls-1.0 tls-1.1 rsa-exchange cbc any-curve other-curve unknown-curve weak-key "
    "weak-key-1.2 weak-key-1.3 weak-key-level-0 weak-authority weak-authority-level-1 sha1 sha1-level-1 sha1-handshake "
    "level-3 level-3-short level-4 level-4-curve level-4-suite level-5 own-certificate own-certificate-1.2 own-pkcs1 "
    "own-pkcs8 own-sec1 own-key-beside own-missing own-missing-1.2 resumes resumes-1.2 "
    "X25519-tls1_2 X25519-tls1_3 prime256v1-tls1_2 prime256v1-tls1_3 secp384r1-tls1_2 secp384r1-tls1_3 "
    "secp521r1-tls1_2 secp521r1-tls1_3"
).split()


def entry(name, url, **params):
    return {"model_name": name, "litellm_params": {"model": f"openai/{name}", "api_base": url, "api_key": API_KEY, **params}}


def write(path, entries, **sections):
    sections = {"general_settings": {"master_key": MASTER_KEY, **PATIENCE}, "router_settings": {"num_retries": 0}} | sections
    path.write_text(yaml.safe_dump({"model_list": entries, **sections}))
    return path


def ask(gateway, model):
    return gateway.client().chat.completions.create(model=model, messages=HELLO).choices[0].message.content


def told(gateway, model):
    """What the diagnostics say of a deployment."""
    deployments = gateway.call("/health/tls").json()["deployments"]
    return next(deployment for deployment in deployments if deployment["model_name"] == model)


class World:
    def __init__(self, folder):
        self.folder = folder
        self.cases = cases(folder)
        assert set(self.cases) == set(NAMES)
        self.authority = folder / "authority.pem"
        self.servers = {}
        for name, case in self.cases.items():
            pair = ("-cert", case.certificate, "-key", case.certificate)
            self.servers[name] = TlsServer(*pair, *case.options, closes=case.closes)
        for server in self.servers.values():
            server.wait()

    def entries(self):
        for name, case in self.cases.items():
            yield entry(name, self.servers[name].url, **({"ssl_verify": str(self.authority)} | case.params))

    def close(self):
        for server in self.servers.values():
            server.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp("tls"))
    yield world
    world.close()


@pytest.fixture(scope="module")
def gateway(world, provider, aws, logs):
    moto = aws["AWS_ENDPOINT_URL_SECRETS_MANAGER"]
    text = world.authority.read_text()
    objects = aws_client("s3", moto)
    objects.create_bucket(Bucket="certificates")
    objects.put_object(Bucket="certificates", Key="ca.pem", Body=text.encode())
    aws_client("secretsmanager", moto).create_secret(Name="postern/ca", SecretString=text)
    plain = provider.url.replace("http://", "https://")
    entries = [*world.entries(), entry("no-tls", plain), entry("openai/*", "https://127.0.0.1:9/v1", ssl_verify=False)]
    config = write(world.folder / "config.yaml", entries)
    environment = {**NOTHING_SAID, **CREDENTIALS, **aws, "AWS_ENDPOINT_URL_S3": moto}
    gateway = start_postern("upstream-tls", config, "memory", logs, environment)
    yield gateway
    gateway.process.end()


@pytest.mark.parametrize("name", NAMES)
def test_each_peer_is_called_or_refused_with_a_reason(world, gateway, name):
    case = world.cases[name]
    if case.fails:
        with pytest.raises(openai.APIStatusError) as failed:
            ask(gateway, name)
        assert failed.value.status_code == 502
        reason = told(gateway, name)["handshakes"]["last_failure"]
        assert case.fails in reason
        assert reason in gateway.process.output(), "the log says it too"
        assert world.servers[name].answered == 0
        return
    assert ask(gateway, name) == SAID
    agreed = told(gateway, name)["handshakes"]["last_agreed"]
    assert agreed == agreed | case.agreed


def test_what_answers_in_the_clear_is_said_to_be_no_tls(gateway):
    with pytest.raises(openai.APIStatusError):
        ask(gateway, "no-tls")
    assert "what answers is no TLS" in told(gateway, "no-tls")["handshakes"]["last_failure"]


@pytest.mark.parametrize("name", ["resumes", "resumes-1.2"])
def test_a_new_connection_takes_the_session_up_again(world, gateway, name):
    for _ in range(5):
        assert ask(gateway, name) == SAID
    seen = told(gateway, name)["handshakes"]
    assert seen["connections"] >= 5
    assert seen["resumed"] >= seen["connections"] - 2


def test_the_diagnostics_say_which_policy_holds_and_who_said_so(world, gateway):
    answer = gateway.call("/health/tls").json()
    assert answer["precedence"][0] == "litellm_params.ssl_verify"
    assert answer["global"]["verify"] == {"value": True, "source": "default"}
    assert answer["global"]["authorities"] == {"value": "built-in authorities", "source": "default"}
    assert [level["level"] for level in answer["levels"]] == list(range(6))
    tls = told(gateway, "level-5")["tls"]
    assert tls["security_level"] == {"value": 5, "source": "litellm_params.ssl_security_level"}
    assert tls["authorities"]["value"] == str(world.folder / "p521.pem")
    own = told(gateway, "own-pkcs1")["tls"]["client_certificate"]
    assert own == {"value": str(world.folder / "client.crt"), "source": "litellm_params.ssl_certificate"}
    assert told(gateway, "unknown-curve")["tls"]["warnings"]
    assert told(gateway, "authority-of-s3")["tls"]["authorities"]["value"] == "s3://certificates/ca.pem"
    assert told(gateway, "openai/*")["tls"]["verify"]["value"] is False
    # Deployments of one policy share a client.
    assert told(gateway, "tls-1.2")["client"] == told(gateway, "tls-1.3")["client"] != told(gateway, "level-5")["client"]
    assert "BEGIN" not in json.dumps(answer) and API_KEY not in json.dumps(answer)


def test_the_diagnostics_are_for_administrators(gateway):
    key = gateway.key()
    refused = gateway.call("/health/tls", key=key)
    assert refused.status_code == 401 and "Only proxy admin" in refused.text
    assert gateway.call("/health/tls", key=None).status_code == 401


class Counting(ThreadingHTTPServer):
    """A server under TLS that keeps connections and counts them."""

    daemon_threads = True

    def __init__(self, certificate):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_):
                pass

            def do_POST(self):
                self.rfile.read(int(self.headers["content-length"]))
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(BODY)))
                self.end_headers()
                self.wfile.write(BODY.encode())

        super().__init__(("127.0.0.1", 0), Handler)
        self.connections = 0
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def get_request(self):
        connection, address = super().get_request()
        self.connections += 1
        return self._tls.wrap_socket(connection, server_side=True), address


@pytest.fixture(scope="module")
def counting(world):
    server = Counting(world.folder / "good.pem")
    yield server
    server.shutdown()


@pytest.fixture
def proxy():
    proxy = Proxy("Aladdin", "open-sesame")
    yield proxy
    proxy.close()


@pytest.fixture(scope="module")
def from_environment(world, counting, logs):
    """Variables decide here. The file behind `litellm_settings` is not there, and nobody asks for it."""
    bundle = world.folder / "renewed.pem"
    bundle.write_text((world.folder / "p384.pem").read_text())
    entries = [
        entry("counted", f"https://127.0.0.1:{counting.server_port}/v1"),
        entry("renewed", f"https://127.0.0.1:{counting.server_port}/v1", ssl_verify=str(bundle)),
        entry("unchecked", f"https://127.0.0.1:{counting.server_port}/v1", ssl_verify=False),
    ]
    settings = {"ssl_verify": "/nowhere/ca.pem", "ssl_security_level": "DEFAULT@SECLEVEL=0", "force_ipv4": True}
    config = write(world.folder / "environment.yaml", entries, litellm_settings=settings)
    variables = {"SSL_VERIFY": str(world.authority), "SSL_CERT_FILE": "/nowhere/either.pem", "SSL_SECURITY_LEVEL": "2"}
    gateway = start_postern("upstream-tls-environment", config, "memory", logs, NOTHING_SAID | variables)
    yield gateway
    gateway.process.end()


def test_nearly_all_warm_requests_find_a_connection(from_environment, counting):
    assert ask(from_environment, "counted") == SAID
    before = counting.connections
    client = from_environment.client()
    for _ in range(200):
        assert client.chat.completions.create(model="counted", messages=HELLO).choices[0].message.content == SAID
    assert counting.connections - before <= 2


def test_a_variable_wins_over_the_settings(from_environment):
    assert ask(from_environment, "counted") == SAID
    tls = told(from_environment, "counted")["tls"]
    assert tls["verify"]["source"] == tls["authorities"]["source"] == "SSL_VERIFY"
    assert tls["security_level"] == {"value": 2, "source": "SSL_SECURITY_LEVEL"}
    assert told(from_environment, "unchecked")["tls"]["verify"]["source"] == "litellm_params.ssl_verify"


def test_a_renewed_file_is_used_without_a_restart(world, from_environment):
    with pytest.raises(openai.APIStatusError):
        ask(from_environment, "renewed")
    (world.folder / "renewed.pem").write_text(world.authority.read_text())

    def answers():
        try:
            return ask(from_environment, "renewed") == SAID
        except openai.APIStatusError:
            return False

    eventually(answers, 60)


def test_a_proxy_is_used_where_the_environment_names_one(world, counting, provider, proxy, logs):
    https = f"https://127.0.0.1:{counting.server_port}/v1"
    local = provider.url.replace("127.0.0.1", "localhost")
    entries = [entry("tunnelled", https), entry("echo", provider.url), entry("past", local, model="openai/echo")]
    config = write(world.folder / "proxy.yaml", entries)
    variables = {"HTTPS_PROXY": proxy.address, "http_proxy": proxy.address, "NO_PROXY": "localhost"}
    environment = NOTHING_SAID | {"SSL_CERT_FILE": str(world.authority), **variables}
    gateway = start_postern("upstream-tls-proxy", config, "memory", logs, environment)
    try:
        for _ in range(2):
            assert ask(gateway, "tunnelled") == SAID
        assert proxy.seen == [(f"CONNECT 127.0.0.1:{counting.server_port} HTTP/1.1", proxy.wanted)]
        assert ask(gateway, "echo") == "You said: Hello"
        assert proxy.seen[1] == (f"POST {provider.url}/chat/completions HTTP/1.1", proxy.wanted)
        assert ask(gateway, "past") == "You said: Hello"
        assert len(proxy.seen) == 2
        assert told(gateway, "tunnelled")["proxy"] == f"http://127.0.0.1:{proxy.port}"
        assert told(gateway, "past")["proxy"] is None
        assert "open-sesame" not in gateway.call("/health/tls").text + gateway.process.output()
    finally:
        gateway.process.end()


def test_a_proxy_is_passed_by_where_that_is_asked_for(world, counting, proxy, logs):
    config = write(world.folder / "no-proxy.yaml", [entry("direct", f"https://127.0.0.1:{counting.server_port}/v1")])
    variables = {"ALL_PROXY": proxy.address, "DISABLE_AIOHTTP_TRUST_ENV": "True"}
    environment = NOTHING_SAID | {"SSL_CERT_FILE": str(world.authority), **variables}
    gateway = start_postern("upstream-tls-no-proxy", config, "memory", logs, environment)
    try:
        assert ask(gateway, "direct") == SAID
        assert proxy.seen == []
    finally:
        gateway.process.end()


@pytest.mark.parametrize(
    "params, environment, complaint",
    [
        ({"ssl_verify": "{folder}/none.pem"}, {}, "`{folder}/none.pem` (from `litellm_params.ssl_verify`)"),
        ({}, {"SSL_VERIFY": "{folder}/config.yaml"}, "`{folder}/config.yaml` (from `SSL_VERIFY`) cannot be used"),
        ({}, {"SSL_CERT_FILE": "{folder}/none.pem"}, "`{folder}/none.pem` (from `SSL_CERT_FILE`)"),
        ({"ssl_certificate": "{folder}/good.crt", "ssl_key": "{folder}/client.key"}, {}, "key is not the certificate's"),
        ({"ssl_certificate": "{folder}/authority.pem", "ssl_key": "{folder}/authority.pem"}, {}, "no private key"),
        ({"ssl_ecdh_curve": "X25519", "ssl_security_level": "5"}, {}, "too weak for level 5"),
        ({"ssl_security_level": "HIGH"}, {}, "must be `DEFAULT@SECLEVEL=0` to `DEFAULT@SECLEVEL=5`"),
        ({}, {"HTTPS_PROXY": "socks5://user:word@127.0.0.1:1"}, "HTTPS_PROXY names a proxy that is neither"),
    ],
)
def test_what_cannot_be_followed_stops_the_start(world, logs, tmp_path, params, environment, complaint):
    filled = lambda texts: {name: text.format(folder=world.folder) for name, text in texts.items()}  # noqa: E731
    config = write(tmp_path / "config.yaml", [entry("broken", "https://127.0.0.1:9/v1", **filled(params))])
    arguments = [BINARIES / "postern", "--config", config, "--port", 0, "--store", "memory"]
    process = Process(f"refused-{tmp_path.name}", arguments, logs, NOTHING_SAID | filled(environment))
    eventually(lambda: process._child.poll() is not None)
    assert process._child.returncode != 0 and "word@" not in process.output()
    assert complaint.format(folder=world.folder) in process.output()
