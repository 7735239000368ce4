"""The README's own commands, run as they stand: but for the port, the profile of the build and the user's folder. Where
one needs an AWS account, an emulator is the account, or the test says how far it goes."""

import io
import json
import os
import re
import subprocess
import zipfile
from pathlib import Path

import pytest

from conftest import aws_client
from support.gateway import CREDENTIALS, MASTER_KEY
from support.process import ROOT, Process, free_port

README = (ROOT / "README.md").read_text()
RUN_SECONDS = 900
# `sam` and `cargo lambda` as `make` runs them.
ON_AWS = {**CREDENTIALS, "AWS_DEFAULT_REGION": "us-east-1", "SAM_CLI_TELEMETRY": "0"}
# As `make lambda-check` builds, whose work is used again.
UNOPTIMISED = {
    "CARGO_PROFILE_RELEASE_LTO": "off",
    "CARGO_PROFILE_RELEASE_OPT_LEVEL": "0",
    "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16",
}
# What stands in an ELF file's head for the processor.
AARCH64 = b"\xb7\x00"
# The README's name for a function that its reader has deployed.
DEPLOYED = "NAME-OF-THE-DEPLOYED-FUNCTION"


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def commands():
    return [line for block in blocks("sh") for line in block.splitlines()]


def starts():
    return [line for line in commands() if "make run" in line and "--check" not in line and "--help" not in line]


@pytest.fixture
def place(tmp_path):
    """A user of their own: an empty data folder, and the README's configuration beside it."""
    [config] = blocks("yaml")
    (tmp_path / "config.yaml").write_text(config)
    return tmp_path


def environment(place, **more):
    keys = {"OPENAI_API_KEY": "sk-none", "GROQ_API_KEY": "gsk-none"} if more.pop("configured", False) else {}
    return {"PROFILE": "dev", "XDG_DATA_HOME": str(place / "data"), **keys, **more}


def here(command, place):
    return command.replace("config.yaml", str(place / "config.yaml"))


def run(command, env):
    shell = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, timeout=RUN_SECONDS
    )
    assert shell.returncode == 0, shell.stdout + shell.stderr
    return shell.stdout


@pytest.fixture
def started(place, logs):
    children = []

    def start(command, name, **env):
        # Built before, so that the wait is for the start alone.
        run("cargo build --package postern --quiet", {})
        port = free_port()
        env = environment(place, PORT=str(port), **env)
        children.append(Process(name, ["bash", "-c", here(command, place)], logs, env))
        children[-1].wait_until_answers(f"http://127.0.0.1:{port}/health/liveliness")
        return children[-1], port

    yield start
    for child in children:
        child.end()


@pytest.fixture
def aws_account(logs):
    """An account of moto's with one function that was deployed before."""
    endpoint = f"http://127.0.0.1:{free_port()}"
    moto = Process("readme-moto", ["moto_server", "-H", "127.0.0.1", "-p", endpoint.rsplit(":", 1)[1]], logs)
    moto.wait_until_answers(endpoint)
    trusted = {"Version": "2012-10-17", "Statement": []}
    role = aws_client("iam", endpoint).create_role(RoleName="chat", AssumeRolePolicyDocument=json.dumps(trusted))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("bootstrap", "an older one")
    client = aws_client("lambda", endpoint)
    client.create_function(
        FunctionName=DEPLOYED, Runtime="provided.al2023", Handler="bootstrap", Role=role["Role"]["Arn"],
        Architectures=["arm64"], Code={"ZipFile": archive.getvalue()},
    )
    yield client
    moto.end()


def test_the_first_command_prints_a_line_that_streams_an_answer(started):
    gateway, port = started(starts()[0], "readme-first")
    [line] = re.findall(r"^\s*(curl .*)$", gateway.output(), re.MULTILINE)
    answer = run(line, {})
    assert answer.count("data: ") > 3 and answer.rstrip().endswith("data: [DONE]"), answer
    for shown in re.findall(r"^```\n(Postern listens.*?)^```$", README, re.MULTILINE | re.DOTALL):
        for text in shown.replace("4000", str(port)).split("sk-…")[0].splitlines():
            assert text in gateway.output()


def test_the_python_example_prints_the_answer(started, capsys):
    gateway, port = started(starts()[0], "readme-python")
    [key] = re.findall(r"made for this run: (\S+)", gateway.output())
    [example] = blocks("python")
    exec(compile(example.replace("4000", str(port)).replace("sk-…", key), "README.md", "exec"), {})
    assert "Hello from Postern" in capsys.readouterr().out


def test_a_providers_key_in_the_environment_brings_its_models(started):
    gateway, port = started(starts()[1], "readme-provider")
    [key] = re.findall(r"made for this run: (\S+)", gateway.output())
    listed = run(f"curl -s http://127.0.0.1:{port}/v1/models -H 'Authorization: Bearer {key}'", {})
    assert '"openai/gpt-4o-mini"' in listed


def test_the_configuration_is_right_and_serves(place, started):
    checks = [line for line in commands() if "--check" in line or "--help" in line]
    check, told = [run(here(line, place), environment(place, configured=True, LITELLM_MASTER_KEY=MASTER_KEY)) for line in checks]
    assert "The configuration is right: 3 models." in check
    assert "--config" in told and "--store" in told
    started(starts()[2], "readme-config", configured=True, LITELLM_MASTER_KEY=MASTER_KEY)


def test_the_commands_for_keys_and_spend_answer(started):
    _, port = started(starts()[0], "readme-keys", LITELLM_MASTER_KEY=MASTER_KEY)
    lines = [line.replace("4000", str(port)) for line in commands() if line.startswith("curl")]
    made, listed, spent = [run(line, {"LITELLM_MASTER_KEY": MASTER_KEY}) for line in lines]
    assert '"key_alias":"ci"' in made and '"keys":' in listed and spent.startswith("[")


def the(beginning):
    """The one command that begins so."""
    [command] = [line for line in commands() if line.startswith(beginning)]
    return command


def test_make_watch_prints_a_line_that_streams_an_answer_from_the_functions(logs):
    port, table_port = free_port(), free_port()
    child = Process("readme-watch", ["bash", "-c", the("make watch")], logs, {"PORT": str(port), "TABLE_PORT": str(table_port)})
    try:
        child.wait_until_answers(f"http://127.0.0.1:{port}/health/liveliness")
        [line] = re.findall(r"^\s*(curl .*)$", child.output(), re.MULTILINE)
        answer = run(line, {})
        assert answer.count("data: ") > 3 and answer.rstrip().endswith("data: [DONE]"), answer
    finally:
        child.end()


def test_make_bench_prints_what_a_call_adds(place):
    table = run(the("make bench"), {"PROFILE": "dev", "ARGS": "--rounds 1 --calls 50 --seconds 1"})
    assert "to direct" in table and "to reference" in table
    for row in ("latency p50", "requests per second", "CPU per request", "first token", "spawn to first answer", "memory"):
        assert re.search(rf"^{row}.*\d", table, re.MULTILINE), table


def test_the_template_is_valid():
    assert "is a valid SAM Template" in run(the("sam validate"), ON_AWS)


def test_the_functions_are_built_and_one_is_deployed_into_an_account(aws_account):
    """The account is moto's. The build is what a user's is, unoptimised."""
    for build in ("cargo lambda build", "sam build"):
        run(the(build), {**ON_AWS, **UNOPTIMISED})
    for folder in (ROOT / "target/lambda/{}", ROOT / ".aws-sam/build/{}Function"):
        for function in ("chat", "embeddings", "admin", "maintenance"):
            name = function if "target" in str(folder) else function.capitalize()
            built = (Path(str(folder).format(name)) / "bootstrap").read_bytes()
            assert built[18:20] == AARCH64 and b"sqlite3" not in built
    before = aws_account.get_function(FunctionName=DEPLOYED)["Configuration"]["CodeSha256"]
    run(the("cargo lambda deploy"), {**ON_AWS, "AWS_ENDPOINT_URL": aws_account.meta.endpoint_url})
    after = aws_account.get_function(FunctionName=DEPLOYED)["Configuration"]
    assert after["CodeSha256"] != before and after["Architectures"] == ["arm64"]


def test_sam_deploy_asks_its_questions_and_then_needs_an_account():
    """As far as it goes without AWS: no emulator knows SAM's transform. Its options, the template and what it asks are
    right; the first thing that it wants of the account fails."""
    # It asks for the stack's name and region, for each parameter, and of two things more; then of each route whether
    # anybody may call it, and of three things more.
    template = (ROOT / "template.yaml").read_text()
    parameters = len(re.findall(r"^  \w+:$", template.partition("Parameters:")[2].partition("Conditions:")[0], re.M))
    answers = "\n" * (parameters + 4) + "y\n" * (template.count("RestApiId:") + 3) + "n\n"
    account = {**ON_AWS, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}", "AWS_MAX_ATTEMPTS": "1"}
    shell = subprocess.run(
        ["bash", "-c", the("sam deploy")], cwd=ROOT, env={**os.environ, **account}, input=answers, capture_output=True,
        text=True, timeout=RUN_SECONDS,
    )
    told = shell.stdout + shell.stderr
    assert shell.returncode != 0 and "Parameter Stage [prod]" in told and "has no authentication" in told, told
    assert "Could not connect to the endpoint URL" in told, told


def test_make_test_is_what_ci_runs_and_runs_these_tests():
    assert (ROOT / ".ci/run").read_text().splitlines()[-1] == the("make test")
    makefile = (ROOT / "Makefile").read_text()
    [needs] = re.findall(r"^test:(.*?)##", makefile, re.MULTILINE)
    assert {"lint", "deny", "lambda-check", "unit", "e2e"} <= set(needs.split())
    assert re.search(r"^e2e:.*\n(\t.*\n)*\t.*pytest tests/e2e$", makefile, re.MULTILINE)


def test_every_command_is_known_to_these_tests():
    checks = [line for line in commands() if "--check" in line or "--help" in line]
    curls = [line for line in commands() if line.startswith("curl")]
    others = [the(beginning) for beginning in (
        "make watch", "make bench", "make test", "sam validate", "sam build", "sam deploy", "cargo lambda build",
        "cargo lambda deploy",
    )]
    assert sorted([*starts(), *checks, *curls, *others]) == sorted(commands())
    assert len(starts()) == 3
    # What stands between fences is a language that these tests look at, or the end of a block.
    assert set(re.findall(r"^```(.*)$", README, re.MULTILINE)) == {"sh", "text", "python", "yaml", ""}
    assert README.count("\n```\n") == len(re.findall(r"^```\w", README, re.MULTILINE))
