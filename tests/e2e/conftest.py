"""The parts of an end-to-end test. Every test that takes `gateway` runs twice: on `postern` and on the functions."""

import itertools
import json
from contextlib import contextmanager

import boto3
import pytest

from support import leaks
from support.gateway import CREDENTIALS, MASTER_KEY, TABLE, start_functions, start_postern, write_config
from support.issuer import TOKENS, Issuer
from support.process import Process, free_port
from support.state import State
from support.store_proxy import StoreProxy
from support.upstream import API_KEY, Upstream


leaks.install()


def pytest_collection_modifyitems(items):
    """What nothing may have leaked is looked at when everything else was done."""
    items.sort(key=lambda item: item.path.name == "test_leaks.py")


@pytest.fixture(scope="session")
def logs(tmp_path_factory):
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="session")
def provider():
    server = Upstream()
    yield server
    server.close()


@pytest.fixture
def upstream(provider):
    provider.forget()
    return provider


@pytest.fixture(scope="session")
def aws(logs):
    """DynamoDB as dynoxide plays it, Secrets Manager as moto does, and the environment that points at both."""
    table_port, secrets_port = free_port(), free_port()
    dynoxide = Process("dynoxide", ["dynoxide", "-p", table_port], logs)
    moto = Process("moto", ["moto_server", "-H", "127.0.0.1", "-p", secrets_port], logs)
    endpoints = {
        "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{table_port}",
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": f"http://127.0.0.1:{secrets_port}",
    }
    for process, endpoint in zip((dynoxide, moto), endpoints.values()):
        process.wait_until_answers(endpoint)
    manager = aws_client("secretsmanager", endpoints["AWS_ENDPOINT_URL_SECRETS_MANAGER"])
    manager.create_secret(Name="postern/master-key", SecretString=json.dumps({"master_key": MASTER_KEY}))
    manager.create_secret(Name="postern/provider-keys", SecretString=json.dumps({"OPENAI_API_KEY": API_KEY}))
    yield {**CREDENTIALS, **endpoints}
    dynoxide.end()
    moto.end()


def aws_client(service, endpoint):
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=CREDENTIALS["AWS_REGION"],
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )


@pytest.fixture(scope="session")
def store(aws):
    """The DynamoDB emulator behind a proxy that counts and fails on command."""
    proxy = StoreProxy(aws["AWS_ENDPOINT_URL_DYNAMODB"])
    yield proxy
    proxy.close()


@contextmanager
def starter(aws, provider, logs, folder):
    """Starts `postern`, on the emulator itself or on the store given. They die in the end."""
    started, numbers = [], itertools.count()

    def start(table, store=None, **settings):
        name = f"{folder.name}-{next(numbers)}"
        if store:
            # It is waited for as long as usual.
            settings |= {"database_connection_timeout": None}
        config = write_config(folder / f"{name}.yaml", provider.url, API_KEY, MASTER_KEY, settings)
        environment = aws | ({"AWS_ENDPOINT_URL_DYNAMODB": store.url} if store else {})
        gateway = start_postern(name, config, table, logs, environment)
        started.append(gateway)
        return gateway

    yield start
    for gateway in started:
        gateway.process.kill()


@pytest.fixture
def start(aws, provider, logs, tmp_path):
    with starter(aws, provider, logs, tmp_path) as start:
        yield start


@pytest.fixture(scope="module")
def start_for_module(aws, provider, logs, tmp_path_factory):
    with starter(aws, provider, logs, tmp_path_factory.mktemp("module")) as start:
        yield start


@pytest.fixture
def state_of(aws):
    """What stands in a table."""
    return lambda table: State(aws_client("dynamodb", aws["AWS_ENDPOINT_URL_DYNAMODB"]), table)


@pytest.fixture(scope="session")
def postern(provider, logs, tmp_path_factory):
    config = tmp_path_factory.mktemp("postern") / "config.yaml"
    write_config(config, provider.url, "os.environ/PROVIDER_KEY", MASTER_KEY)
    gateway = start_postern("postern", config, "memory", logs)
    yield gateway
    gateway.process.end()


@pytest.fixture(scope="session")
def table(aws, provider, logs, tmp_path_factory):
    """The functions make no table: `postern` did, and serves the same state beside them."""
    config = tmp_path_factory.mktemp("table") / "config.yaml"
    write_config(config, provider.url, "os.environ/PROVIDER_KEY", MASTER_KEY)
    gateway = start_postern("postern-on-dynamodb", config, f"dynamodb://{TABLE}", logs, aws)
    yield gateway
    gateway.process.end()


@pytest.fixture(scope="session")
def issuer():
    """An issuer of tokens that callers may show in place of keys."""
    issuer = Issuer()
    yield issuer
    issuer.close()


@pytest.fixture(scope="session")
def functions(aws, table, provider, issuer, logs, tmp_path_factory):
    config = tmp_path_factory.mktemp("functions") / "config.yaml"
    key = "aws_secret/postern/provider-keys#OPENAI_API_KEY"
    # Answers are kept where a request asks for it.
    kept = {"cache": True, "cache_params": {"type": "dynamodb", "mode": "default_off"}}
    write_config(config, provider.url, key, "os.environ/LITELLM_MASTER_KEY", litellm=kept, identity=TOKENS)
    gateway = start_functions(config, logs, aws | issuer.environment() | {"STORE_MODEL_IN_DB": "True"})
    yield gateway
    gateway.process.end()


@pytest.fixture(scope="session", params=["postern", "functions"])
def gateway(request):
    return request.getfixturevalue(request.param)
