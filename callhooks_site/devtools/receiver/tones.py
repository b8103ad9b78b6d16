"""Recordings of the demo: tones in place of voices. Two of them take turns, with pauses, as two people do.

`/recordings/NAME-SECONDS.wav` is always the same for the same name."""

import io
import math
import random
import re
import wave
from functools import lru_cache

RATE = 8_000  # samples a second, as on the phone
LONGEST = 600  # seconds
PIECE = RATE // 4  # a syllable
VOICES = (196.0, 262.0)  # Hz: whoever calls, and whoever answers
LOUD = (0.25, 0.4, 0.6, 0.85)
_SILENCE = bytes([128]) * PIECE
_PATH = re.compile(r"/recordings/([\w-]{1,80})-(\d{1,4})\.wav")


def find_recording(path: str) -> bytes | None:
    """The WAV file at this path, or None if it is no recording's."""
    found = _PATH.fullmatch(path.partition("?")[0])
    return make_recording(found[1], min(int(found[2]), LONGEST)) if found else None


@lru_cache(maxsize=8)
def make_recording(name: str, seconds: int) -> bytes:
    rng = random.Random(name)
    pieces: list[bytes] = []
    while len(pieces) < seconds * 4:
        voice = VOICES[len(pieces) // 7 % 2]
        for _ in range(rng.randrange(3, 12)):
            pieces.append(_SILENCE if rng.random() < 0.15 else _syllable(voice, rng.choice(LOUD)))
        pieces += [_SILENCE] * rng.randrange(1, 3)
    file = io.BytesIO()
    with wave.open(file, "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(1)
        recording.setframerate(RATE)
        recording.writeframes(b"".join(pieces)[: seconds * RATE])
    return file.getvalue()


@lru_cache
def _syllable(pitch: float, loud: float) -> bytes:
    """A tone that swells and fades, so that it neither clicks nor hurts."""
    return bytes(
        128 + int(100 * loud * math.sin(math.pi * at / PIECE) ** 2 * math.sin(2 * math.pi * pitch * at / RATE))
        for at in range(PIECE)
    )
