"""Images, sound and moderations through the official client."""

import openai
import pytest

from support.media import PIXEL, SAID, SOUND, SUBTITLES

RECORDING = ("a recording.wav", SOUND, "audio/wav")


def was_spent(gateway, model, dollars):
    rows = gateway.call("/spend/logs").json()
    return any(row["spend"] == pytest.approx(dollars) for row in rows if row["model_group"] == model)


def test_an_image_is_made_and_charged_by_its_tokens(gateway, upstream):
    answer = gateway.client().images.generate(model="draws", prompt="a cat", size="1024x1024")
    assert answer.data[0].b64_json == PIXEL
    assert upstream.requests[-1]["body"] == {"model": "gpt-image-1", "prompt": "a cat", "size": "1024x1024"}
    # 10 tokens of words at $5, 100 of images at $40 a million.
    assert was_spent(gateway, "draws", 0.00405)


def test_an_image_is_edited_and_its_bytes_arrive_as_they_are(gateway, upstream):
    image = ("a.png", SOUND, "image/png")
    answer = gateway.client().images.edit(model="draws", prompt="a hat", image=image)
    assert answer.data[0].b64_json == PIXEL
    sent = upstream.requests[-1]["body"]
    assert (sent["model"], sent["prompt"], sent["image"]) == ("gpt-image-1", "a hat", ("a.png", "image/png", SOUND))


def test_speech_arrives_as_the_provider_made_it_and_costs_its_characters(gateway, upstream):
    answer = gateway.client().audio.speech.create(model="speaks", voice="alloy", input="Hello")
    assert answer.read() == SOUND
    assert answer.response.headers["content-type"] == "audio/mpeg"
    assert was_spent(gateway, "speaks", 75e-6)


def test_a_recording_is_written_down_and_costs_its_seconds(gateway, upstream):
    answer = gateway.client().audio.transcriptions.create(model="listens", file=RECORDING, language="en")
    assert answer.text == SAID
    sent = upstream.requests[-1]["body"]
    assert (sent["model"], sent["language"]) == ("whisper-1", "en")
    assert (sent["file"][0], sent["file"][2]) == (RECORDING[0], SOUND)
    assert was_spent(gateway, "listens", 0.0003)


def test_a_recording_is_translated(gateway, upstream):
    assert gateway.client().audio.translations.create(model="listens", file=RECORDING).text == SAID
    assert upstream.requests[-1]["path"].endswith("/audio/translations")


def test_subtitles_arrive_as_the_text_that_they_are(gateway, upstream):
    answer = gateway.client().audio.transcriptions.create(model="listens", file=RECORDING, response_format="srt")
    assert answer == SUBTITLES
    # They end after 2.5 seconds.
    assert was_spent(gateway, "listens", 0.00025)


def test_a_moderation_without_a_model_is_the_usual_ones(gateway, upstream):
    answer = gateway.client().moderations.create(input="x")
    assert answer.results[0].flagged and answer.results[0].categories.self_harm


def test_a_request_that_lacks_what_it_is_about_is_refused_before_it_goes_anywhere(gateway, upstream):
    audio = gateway.client().audio
    with pytest.raises(openai.BadRequestError, match="voice"):
        audio.speech.create(model="speaks", input="Hello", voice=openai.omit)
    with pytest.raises(openai.BadRequestError, match="file"):
        audio.transcriptions.create(model="listens", file=openai.omit)
    no_form = gateway.call("/v1/audio/transcriptions", {"model": "listens"})
    assert (no_form.status_code, no_form.json()["error"]["type"]) == (400, "invalid_request_error")
    assert upstream.requests == []


def test_a_key_that_may_not_use_a_model_may_not_hear_it_either(gateway, upstream):
    key = gateway.key(models=["echo"])
    with pytest.raises(openai.PermissionDeniedError):
        gateway.client(key).audio.speech.create(model="speaks", voice="alloy", input="Hello")
    assert upstream.requests == []
