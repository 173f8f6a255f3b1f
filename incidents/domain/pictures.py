"""Pictures from anywhere → pictures of ours: decoded, and written anew out of nothing but their pixels.

What else a file may hold (where a photo was taken, a comment, a script behind the image) does not come along. Nothing
here touches the database, and nothing but ``InvalidInput`` comes out of a file, whatever it is.
"""

import io
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from ..enums import PictureFormat
from ..errors import InvalidInput

MAX_BYTES = 10_000_000
MAX_PIXELS = 40_000_000  # of one picture, or of all frames of a moving one together
MAX_FRAMES = 200
MAX_SIDE = 4096  # what is larger is made smaller: no screen shows more
# By the name that Pillow has for it: the ending that ours get.
FORMATS = {
    "PNG": PictureFormat.PNG,
    "JPEG": PictureFormat.JPEG,
    "WEBP": PictureFormat.WEBP,
    "GIF": PictureFormat.GIF,
}
ENDINGS = frozenset({"png", "jpg", "jpeg", "jpe", "jfif", "webp", "gif"})
_MOVING = {"GIF", "WEBP"}
_SAVED_AS: dict[str, dict[str, Any]] = {
    "PNG": {},
    "JPEG": {"quality": 85, "progressive": True},
    "WEBP": {"quality": 88, "method": 3},
    "GIF": {},
}
_SHORTEST_FRAME, _LONGEST_FRAME = 20, 10_000  # milliseconds

Image.MAX_IMAGE_PIXELS = MAX_PIXELS
# Up to twice the limit Pillow only warns, and reads on.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)

# A picture of 40 million pixels takes 160 MB while it is worked on.
_one_at_a_time = threading.Lock()


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that we wrote. ``format`` is also the ending of its name."""

    content: bytes
    format: PictureFormat
    width: int
    height: int


def encode(data: bytes, *, name: str = "") -> Picture:
    """Write a picture anew: PNG, JPEG, WebP or GIF, upright, without anything but its pixels.

    ``name`` is what the file was called; its ending has to be one of a picture. Raises `InvalidInput` with code
    ``picture_too_large``, ``picture_too_many_pixels``, ``picture_moves_too_long``, ``picture_unknown`` or
    ``picture_broken``.
    """
    if len(data) > MAX_BYTES:
        raise too_large()
    _check_name(name)
    with _one_at_a_time:
        try:
            return _encode(data)
        except InvalidInput:
            raise
        except UnidentifiedImageError:
            raise _unknown() from None
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            raise _too_many_pixels() from None
        except Exception:  # a decoder that is fed by strangers may fail in any way there is
            message = _("This picture is broken or only half there. Save it anew, or take a screenshot of it.")
            raise InvalidInput(message, code="picture_broken") from None


def too_large() -> InvalidInput:
    """The refusal of a file that has too many bytes."""
    message = _("A picture has at most %(size)d MB. Make it smaller, or cut out what matters.")
    return InvalidInput(message % {"size": MAX_BYTES // 1_000_000}, code="picture_too_large")


def _check_name(name: str) -> None:
    _stem, dot, ending = name.rpartition(".")
    if dot and ending.lower() not in ENDINGS:
        raise _unknown()


def _unknown() -> InvalidInput:
    message = _("Only pictures can be added: PNG, JPEG, WebP or GIF. Of anything else, take a screenshot.")
    return InvalidInput(message, code="picture_unknown")


def _too_many_pixels() -> InvalidInput:
    message = _("This picture has more than %(millions)d million pixels. Make it smaller, or cut out what matters.")
    return InvalidInput(message % {"millions": MAX_PIXELS // 1_000_000}, code="picture_too_many_pixels")


def _encode(data: bytes) -> Picture:
    source = Image.open(io.BytesIO(data), formats=list(FORMATS))
    kind = source.format or ""
    _check_pixels(source, 1)
    frames, lengths = _frames(source) if kind in _MOVING else ([_upright(source)], [])
    written = io.BytesIO()
    more: dict[str, Any] = dict(_SAVED_AS[kind])
    if len(frames) > 1:
        more |= {"save_all": True, "append_images": frames[1:], "duration": lengths, "loop": 0}
    if len(frames) > 1 and kind == "GIF":
        more |= {"disposal": 2}
    frames[0].save(written, format=kind, **more)
    if written.tell() > 2 * MAX_BYTES:
        raise too_large()
    return Picture(written.getvalue(), FORMATS[kind], *frames[0].size)


def _check_pixels(source: Image.Image, frames: int) -> None:
    width, height = source.size
    if width * height * frames > MAX_PIXELS:
        raise _too_many_pixels()


def _frames(source: Image.Image) -> tuple[list[Image.Image], list[int]]:
    """All frames, and how many milliseconds each is shown."""
    frames, lengths = [], []
    for number, frame in enumerate(_walk(source), start=1):
        if number > MAX_FRAMES:
            message = _("A moving picture has at most %(count)d frames. Cut it, or take a screenshot of what matters.")
            raise InvalidInput(message % {"count": MAX_FRAMES}, code="picture_moves_too_long")
        _check_pixels(frame, number)
        shown = int(frame.info.get("duration") or 100)
        frames.append(_bare(frame))
        lengths.append(min(max(shown, _SHORTEST_FRAME), _LONGEST_FRAME))
    return frames, lengths


def _walk(source: Image.Image) -> Iterator[Image.Image]:
    """One frame after another; how many there are is not asked, because a file may claim anything."""
    number = 0
    while True:
        try:
            source.seek(number)
        except EOFError:
            return
        source.load()
        yield source
        number += 1


def _upright(source: Image.Image) -> Image.Image:
    """The picture as it is to be looked at: a camera only notes how it was held."""
    source.load()
    return _bare(ImageOps.exif_transpose(source))


def _bare(source: Image.Image) -> Image.Image:
    """The pixels in a mode that all of our formats can hold, and nothing else."""
    mode = source.mode
    if source.has_transparency_data:
        mode = "RGBA"
    elif mode not in {"L", "RGB", "P"}:
        mode = "RGB"
    bare = source.convert(mode) if mode != source.mode else source.copy()
    if max(bare.size) > MAX_SIDE:
        bare = bare.convert("RGBA" if mode == "RGBA" else "RGB")
        bare.thumbnail((MAX_SIDE, MAX_SIDE))
    bare.info = {}
    return bare
