"""What is taken off the cost of calls and put on it is charged, held and shown, from the next call on."""

import httpx2
import pytest

from support.gateway import MASTER_KEY, running

KEPT = {"store_model_in_db": True}
DISCOUNT, MARGIN = "/config/cost_discount_config", "/config/cost_margin_config"
# What an answer of the model `priced` costs, in dollars.
COST = 7e-6


def patch(gateway, path, body, key=MASTER_KEY):
    headers = {"authorization": f"Bearer {key}"}
    return httpx2.patch(gateway.url + path, headers=headers, json=body, timeout=60)


def cost(gateway, key, model="priced"):
    raw = gateway.client(key).chat.completions.with_raw_response
    answer = raw.create(model=model, messages=[{"role": "user", "content": "one two three"}])
    return float(answer.headers["x-litellm-response-cost"].strip("$"))


def spent(gateway, key):
    return gateway.call(f"/key/info?key={key}").json()["info"]["spend"]


def test_a_change_counts_from_the_next_call_on(provider, logs, tmp_path):
    with running(provider, logs, tmp_path, KEPT) as gateway:
        key = gateway.key(max_budget=1)
        assert gateway.call(DISCOUNT).json() == gateway.call(MARGIN).json() == {"values": {}}
        assert cost(gateway, key) == pytest.approx(COST)
        answer = patch(gateway, DISCOUNT, {"openai": 0.1, "openai/pri*": 0.5}).json()
        assert answer["status"] == "success" and answer["values"] == {"openai": 0.1, "openai/pri*": 0.5}
        assert cost(gateway, key) == pytest.approx(COST * 0.5)
        patch(gateway, MARGIN, {"global": 9, "openai": {"percentage": 0.2, "fixed_amount": 0.001}})
        assert gateway.call(MARGIN).json()["values"]["global"] == 9
        dear = COST * 0.5 * 1.2 + 0.001
        assert cost(gateway, key) == pytest.approx(dear)
        assert spent(gateway, key) == pytest.approx(COST * 1.5 + dear)
        # One more would pass it, margin and all.
        poor = gateway.key(max_budget=0.0015)
        assert cost(gateway, poor) == pytest.approx(dear)
        assert gateway.call("/v1/chat/completions", {"model": "priced", "messages": []}, poor).status_code == 422
        patch(gateway, MARGIN, {})
        patch(gateway, DISCOUNT, {"hosted_vllm": 1})
        assert cost(gateway, key) == pytest.approx(COST)
        assert cost(gateway, key, "bought") == 0


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (DISCOUNT, {"nobody": 0.1}),
        (DISCOUNT, {"openai": 1.5}),
        (DISCOUNT, {"openai/": 0.5}),
        (DISCOUNT, {"openai/gpt-?": 0.5}),
        (DISCOUNT, {"openai": "much"}),
        (MARGIN, {"nobody": 0.1}),
        (MARGIN, {"openai": 11}),
        (MARGIN, {"openai": {}}),
        (MARGIN, {"openai": {"fixed_amount": -1}}),
    ],
)
def test_what_makes_no_sense_changes_nothing(gateway_of_settings, path, body):
    answer = patch(gateway_of_settings, path, body)
    assert answer.status_code == 400, answer.text
    assert next(iter(body)).split("/")[0] in answer.text
    assert gateway_of_settings.call(path).json() == {"values": {}}


@pytest.fixture(scope="module")
def gateway_of_settings(provider, logs, tmp_path_factory):
    with running(provider, logs, tmp_path_factory.mktemp("rules"), KEPT) as gateway:
        yield gateway
