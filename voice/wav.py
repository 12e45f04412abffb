"""The one form of sound in this program: 24 kHz, one channel, signed 16-bit little-endian.

One rate everywhere means that clips can follow each other in one stream and that a player is started the same way
whatever it says.
"""

from __future__ import annotations

import io
import wave

RATE = 24_000
"""Samples a second."""
WIDTH = 2
"""Bytes a sample."""
BYTES_PER_SECOND = RATE * WIDTH


def silence(seconds: float) -> bytes:
    """PCM of ``seconds`` of silence, in whole samples."""
    return bytes(WIDTH * round(RATE * seconds))


def seconds_of(pcm: bytes) -> float:
    """How long ``pcm`` sounds."""
    return len(pcm) / BYTES_PER_SECOND


def encode(pcm: bytes) -> bytes:
    """PCM in this program's form as the bytes of a WAV file."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(WIDTH)
        writer.setframerate(RATE)
        writer.writeframes(pcm)
    return buffer.getvalue()


def decode(data: bytes) -> bytes:
    """The PCM in a WAV file of this program's form.

    Raises:
        ValueError: no WAV file, or of another rate, width or number of channels.
    """
    try:
        with wave.open(io.BytesIO(data), "rb") as reader:
            form = (reader.getframerate(), reader.getsampwidth(), reader.getnchannels())
            if form != (RATE, WIDTH, 1):
                raise ValueError(f"{form[0]} Hz, {8 * form[1]} bits, {form[2]} channels; wanted {RATE} Hz, 16, 1")
            return reader.readframes(reader.getnframes())
    except (wave.Error, EOFError) as error:
        raise ValueError(f"not a WAV file ({error})") from error
