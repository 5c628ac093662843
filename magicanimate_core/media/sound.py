"""The sound of one video for another: copied where players know its codec in an MP4, else made AAC. PyAV."""

import io
import logging
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet

from .blobs import Blob, Unreadable
from .container import opened_file

COPIED = {"aac", "mp3", "mp3float", "ac3", "eac3", "alac", "opus", "flac"}  # codecs, by FFmpeg's names of their decoders
AAC_RATES = {8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000}  # samples per second


class Sound(NamedTuple):
    """The sound of a file, from `start` on by the file's clock, for so many seconds."""

    path: Path
    start: Fraction
    seconds: Fraction


class Track:
    """A sound's packets on their way into another file, the first ones at 0 seconds."""

    def __init__(self, packets: list[Packet], stream: AudioStream) -> None:
        self.packets, self.stream = iter(packets), stream
        self.next = next(self.packets, None)

    def write(self, container: OutputContainer, until: Fraction | None = None) -> None:
        """Writes the packets that begin before `until` seconds, or all that are left."""
        while self.next is not None and (until is None or self.next.pts * self.next.time_base < until):
            self.next.stream = self.stream
            container.mux(self.next)
            self.next = next(self.packets, None)


@contextmanager
def track(sound: Sound | None, container: OutputContainer) -> Iterator[Track | None]:
    """Adds a stream for a sound to a file; None where there is none. What cannot be read is left out, with a warning."""
    with ExitStack() as stack:
        found = None
        try:
            found = _read(sound, stack) if sound else None
        except (ValueError, av.error.FFmpegError) as error:
            logging.getLogger(__name__).warning("The sound of %s is left out: %s", sound.path.name, error)
        yield Track(found[0], container.add_stream_from_template(found[1])) if found else None


def _read(sound: Sound, stack: ExitStack) -> tuple[list[Packet], AudioStream] | None:
    """Returns a sound's packets and the stream they are from; None for a file without sound. Raises Unreadable."""
    blob = Blob(sound.path.name, sound.path)
    container = stack.enter_context(opened_file(blob))
    if not container.streams.audio:
        return None
    stream = container.streams.audio[0]
    if stream.codec_context is None:
        raise Unreadable("its codec is not known.")
    if stream.codec_context.name in COPIED:
        packets = _moved(_sound(container, stream, sound), sound)
    else:
        made = stack.enter_context(av.open(_aac(_sound(container, stream, sound), sound.start)))
        stream, sound = made.streams.audio[0], sound._replace(start=Fraction(0))
        packets = _moved(_sound(made, stream, sound), sound)
    if not packets:
        raise Unreadable("nothing of it can be decoded while pictures are shown.")
    _try(packets, stream)
    return packets, stream


def _try(packets: list[Packet], stream: AudioStream) -> None:
    """Writes packets nowhere. Raises FFmpegError or ValueError for what an MP4 does not take, before a frame is written."""
    with av.open(io.BytesIO(), "w", format="mp4") as container:
        Track(packets, container.add_stream_from_template(stream)).write(container)


def _sound(container: InputContainer, stream: AudioStream, sound: Sound) -> Iterator[tuple[Packet, list[av.AudioFrame]]]:
    """Gives what of a stream falls into a sound's time, packed and decoded. Damaged packets are left out."""
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            continue
        if packet.pts is not None and packet.size:
            if _overlaps(packet.pts * packet.time_base, (packet.duration or 0) * packet.time_base, sound):
                yield packet, frames


def _overlaps(begin: Fraction, lasts: Fraction | float, sound: Sound) -> bool:
    """Whether something that begins so, by the file's clock, is heard in a sound; what primes its decoder is."""
    return begin + lasts >= sound.start and begin < sound.start + sound.seconds


def _moved(heard: Iterable[tuple[Packet, list[av.AudioFrame]]], sound: Sound) -> list[Packet]:
    """Puts packets to the time of the sound, from 0 on; the last one ends with it."""
    packets = [packet for packet, _ in heard]
    for packet in packets:
        unit = Fraction(1, packet.stream.codec_context.sample_rate or 48000)
        begin, lasts = packet.pts * packet.time_base - sound.start, (packet.duration or 0) * packet.time_base
        packet.time_base, packet.pts = unit, round(begin / unit)
        packet.dts, packet.duration = packet.pts, max(1, round(min(lasts, sound.seconds - begin) / unit))
    return packets


def _aac(heard: Iterable[tuple[Packet, list[av.AudioFrame]]], start: Fraction) -> io.BytesIO:
    """Returns decoded sound as AAC in an MP4, `start` seconds earlier. Raises FFmpegError for what cannot be encoded."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = resampler = None
        for frame in (frame for _, frames in heard for frame in frames):
            if stream is None or resampler is None:
                rate = frame.sample_rate if frame.sample_rate in AAC_RATES else 48000
                layout = "mono" if len(frame.layout.channels) == 1 else "stereo"  # many files do not name their channels
                stream = container.add_stream("aac", rate=rate, layout=layout)
                resampler = av.AudioResampler("fltp", layout, rate)
            frame.pts = (frame.pts or 0) - round(start / frame.time_base)
            for resampled in resampler.resample(frame):
                container.mux(stream.encode(resampled))
        if stream is not None:
            container.mux(stream.encode())
    file.seek(0)
    return file
