"""The README's own commands, run as they stand: but for the port, the profile of the build and the user's folder."""

import os
import re
import subprocess

import pytest

from support.gateway import MASTER_KEY
from support.process import ROOT, Process, free_port

README = (ROOT / "README.md").read_text()
RUN_SECONDS = 600


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


def test_every_command_is_known_to_these_tests():
    known = [*starts(), *(line for line in commands() if "--check" in line or "--help" in line or line.startswith("curl"))]
    assert sorted(known) == sorted(commands())
    assert len(starts()) == 3
