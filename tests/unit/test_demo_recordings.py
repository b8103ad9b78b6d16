"""The recordings of the demo: WAV files that a browser plays, whole or from where it jumps to."""

from __future__ import annotations

import io
import urllib.error
import urllib.request
import wave

import pytest

from callhooks_site.devtools.receiver.tones import find_recording
from tests.support.demo_receiver import running_receiver

PATH = "/recordings/day-1-answered-3.wav"


def test_a_recording_has_the_length_that_its_address_says():
    with wave.open(io.BytesIO(find_recording(PATH) or b"")) as recording:
        assert recording.getnframes() == 3 * recording.getframerate()
        assert len(set(recording.readframes(recording.getnframes()))) > 20, "there is something to hear"


def test_the_same_address_is_the_same_recording():
    assert find_recording(PATH) == find_recording(f"{PATH}?x=1")
    assert find_recording(PATH) != find_recording(PATH.replace("day-1", "day-2"))


@pytest.mark.parametrize("path", ["/", "/recordings/", "/recordings/a.mp3", "/recordings/../a-3.wav", "/webhooks/x"])
def test_other_addresses_are_none(path):
    assert find_recording(path) is None


@pytest.mark.parametrize(
    ("asked", "status", "first", "last"),
    [("", 200, 0, None), ("bytes=0-", 206, 0, None), ("bytes=100-199", 206, 100, 200), ("bytes=100-", 206, 100, None)],
    ids=["whole", "from the start", "a part", "to the end"],
)
def test_the_receiver_serves_parts(tmp_path, asked, status, first, last):
    with running_receiver(tmp_path) as receiver:
        request = urllib.request.Request(f"http://127.0.0.1:{receiver.port}{PATH}")
        if asked:
            request.add_header("Range", asked)
        with urllib.request.urlopen(request) as answer:
            assert (answer.status, answer.headers["Content-Type"]) == (status, "audio/wav")
            assert answer.read() == (find_recording(PATH) or b"")[first:last]


def test_a_part_behind_the_end_is_refused(tmp_path):
    with running_receiver(tmp_path) as receiver:
        address = f"http://127.0.0.1:{receiver.port}{PATH}"
        request = urllib.request.Request(address, headers={"Range": "bytes=99999999-"})
        with pytest.raises(urllib.error.HTTPError, match="416"):
            urllib.request.urlopen(request)
