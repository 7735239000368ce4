"""Models that the operator makes public are known to everybody, and no others are."""

from support.gateway import running

KEPT = {"store_model_in_db": True}


def test_what_is_public_is_shown_to_everybody(provider, logs, tmp_path):
    with running(provider, logs, tmp_path, KEPT) as gateway:
        def shown():
            return gateway.call("/public/model_hub", key=None).json()

        assert shown() == []
        answer = gateway.call("/model_group/make_public", {"model_groups": ["claude", "priced"]})
        assert answer.status_code == 200 and answer.json()["public_model_groups"] == ["claude", "priced"]
        assert [model["model_group"] for model in shown()] == ["claude", "priced"]
        [claude, priced] = shown()
        assert claude["providers"] == ["anthropic"] and claude["max_input_tokens"] > 0
        assert priced["is_public_model_group"] and priced["output_cost_per_token"] == 1e-6
        assert provider.url not in str(shown()), "nothing of the deployments"
        links = {"Help": "https://help.example", "Terms": {"url": "https://terms.example", "index": 1}}
        assert gateway.call("/model_hub/update_useful_links", {"useful_links": links}).json()["useful_links"] == links
        assert gateway.call("/public/model_hub/info", key=None).json()["useful_links"] == links
        assert gateway.call("/model_group/make_public", {"model_groups": []}).status_code == 200
        assert shown() == []


def test_a_model_that_is_not_there_cannot_be_public(provider, logs, tmp_path):
    with running(provider, logs, tmp_path, KEPT) as gateway:
        answer = gateway.call("/model_group/make_public", {"model_groups": ["priced", "nothing"]})
        assert answer.status_code == 400 and "nothing" in answer.text
        assert gateway.call("/model_group/make_public", {}).status_code == 422
        assert gateway.call("/model_group/make_public", {"model_groups": ["priced"]}, gateway.key()).status_code == 401
        assert gateway.call("/public/model_hub", key=None).json() == []
