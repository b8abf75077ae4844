"""One image file on disk to one square RGB array, whatever it was saved as; a bad image is refused by name."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from ferray.data.file_kinds import HEAD_BYTES, kind_of
from ferray.data.files import regular_file
from ferray.errors import BAD_SAMPLE_HINT, BadSampleError, DataError, FerrayError, OneColourError
from ferray.files.os_errors import reading
from ferray.system.late import late

if TYPE_CHECKING:
    import cv2
else:
    cv2 = late("cv2")

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
MOST_BYTES = 256 * 2**20
MOST_PIXELS = 64_000_000
LONGEST_SIDE = 16_384
PLAIN_MODES = ("1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr")
# TIFF's tags, and what Pillow reads rightly: 12 bits would come out dark, signed and inverted pixels wrong.
BITS, PHOTOMETRIC, SAMPLE_FORMAT = 258, 262, 339


def read_original(path: Path) -> NDArray[np.uint8]:
    """`read_rgb`, but OneColourError for a picture of one colour."""
    image = read_rgb(path)
    refuse_one_colour(image, what=f"image `{path}`")
    return image


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """The picture in `path` at its own size, (H, W, 3) uint8 RGB; the first one of several.

    Grey becomes three equal channels, transparency is laid over black, 16 bits are cut to their upper 8, EXIF rotation
    is applied. BadSampleError for anything that is not one whole picture of bounded size, DataError where the file
    cannot be read at all.
    """
    return rgb_in(_read_bytes(path), what=f"image `{path}`")


def rgb_in(data: bytes, *, what: str) -> NDArray[np.uint8]:
    """`read_rgb` of the bytes of a picture's file; errors are about `what`."""
    with _opened(what, data) as image:
        if image.format == "PNG":
            # Loading stops at the last row and so overlooks a flipped bit; this goes through every checksum.
            with Image.open(io.BytesIO(data), formats=("PNG",)) as checked:
                checked.verify()
        return _pixels(image, is_deep=_is_deep_grey(image))


def rgb_of(image: Image.Image) -> NDArray[np.uint8]:
    """`read_rgb` of a picture that is open already and stays as it is."""
    _refuse_unreadable_pixels(image, "image")
    return _pixels(image.copy(), is_deep=_is_deep_grey(image))


def read_shape(path: Path) -> tuple[int, int]:
    """Height and width as the file's header says, nothing decoded; errors as for `read_rgb`."""
    with _opened(f"image `{path}`", _read_bytes(path)) as image:
        return image.height, image.width


def refuse_one_colour(image_HWC: NDArray[np.uint8], *, what: str) -> None:
    """OneColourError about `what` where every pixel is the same."""
    if (image_HWC == image_HWC[0, 0]).all():
        red, green, blue = image_HWC[0, 0].tolist()
        height, width = image_HWC.shape[:2]
        reason = "has one colour"
        raise OneColourError(
            f"{what} {reason}", BAD_SAMPLE_HINT, OneColourError.KIND, reason, (red, green, blue), (height, width)
        )


def blank_picture(error: OneColourError, size: int | None = None) -> NDArray[np.uint8]:
    """The picture of one colour that the error speaks of, (H, W, 3) or at `size`, for who keeps it all the same."""
    shape = error.shape if size is None else (size, size)
    return np.full((*shape, 3), error.colour, dtype=np.uint8)


def resize(image_HWC: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """The whole picture as (size, size, C), averaged when it shrinks, interpolated when it grows; no crop."""
    height, width = image_HWC.shape[:2]
    if (height, width) == (size, size):
        return image_HWC
    method = cv2.INTER_AREA if min(height, width) >= size else cv2.INTER_LINEAR
    resized: NDArray[np.uint8] = cv2.resize(image_HWC, (size, size), interpolation=method)
    return resized


@contextmanager
def quiet_decoding() -> Iterator[None]:
    """Keep what Pillow remarks about damaged metadata off the terminal; to be entered where no other thread does."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield


@contextmanager
def _opened(what: str, data: bytes) -> Iterator[Image.Image]:
    """The image with its header read and found in bounds; whatever Pillow raises becomes a BadSampleError."""
    if not data:
        raise BadSampleError.of(what, "empty", "is empty")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            _refuse_large(image, what)
            _refuse_unreadable_pixels(image, what)
            yield image
    except FerrayError:
        raise
    except UnidentifiedImageError as error:
        kind = kind_of(data[:HEAD_BYTES])
        reason = kind.instead_of_picture if kind else "is not a picture"
        raise BadSampleError.of(what, "not a picture", reason) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise BadSampleError.of(what, "too large", f"is a decompression bomb of over `{MOST_PIXELS}` pixels") from error
    except MemoryError as error:
        raise DataError(f"{what} does not fit into memory", "free memory and try again") from error
    except Exception as error:  # Pillow raises a dozen kinds for damaged files, SyntaxError and struct.error among them
        raise BadSampleError.of(what, "truncated or damaged", "is truncated or damaged") from error


def _read_bytes(path: Path) -> bytes:
    what = f"image `{path}`"
    with reading(path, DataError, "check the file and who may read it", noun="image"):
        num_bytes = regular_file(path).st_size
        if num_bytes > MOST_BYTES:
            reason = f"is `{num_bytes >> 20}` MiB, at most `{MOST_BYTES >> 20}` are read"
            raise BadSampleError.of(what, "too large", reason)
        return path.read_bytes()


def _refuse_large(image: Image.Image, what: str) -> None:
    width, height = image.size
    if max(width, height) > LONGEST_SIDE or width * height > MOST_PIXELS:
        limits = f"at most `{LONGEST_SIDE}` a side and `{MOST_PIXELS}` in all are read"
        raise BadSampleError.of(what, "too large", f"has `{width}` x `{height}` pixels, {limits}")


def _refuse_unreadable_pixels(image: Image.Image, what: str) -> None:
    """Refuse what Pillow opens but would turn into wrong colours without a word."""
    tags = getattr(image, "tag_v2", {})
    readable = image.mode in PLAIN_MODES or _is_deep_grey(image)
    readable &= set(tags.get(BITS, ())) <= {1, 2, 4, 8, 16} and set(tags.get(SAMPLE_FORMAT, ())) <= {1}
    readable &= not (_is_deep_grey(image) and tags.get(PHOTOMETRIC) == 0)
    if not readable or ("16" in _raw_mode(image) and "transparency" in image.info):
        raise BadSampleError.of(what, "unknown pixels", f"has pixels of a kind that is not read (`{image.mode}`)")


def _raw_mode(image: Image.Image) -> str:
    tiles = getattr(image, "tile", [])
    return str(tiles[0].args) if tiles else ""


def _is_deep_grey(image: Image.Image) -> bool:
    """Whether pixels are single numbers of 16 bits; Pillow's `I` is 32 bits, but of a PNG or PGM 16 are in use."""
    return image.mode.startswith("I;16") or (image.mode == "I" and image.format in ("PNG", "PPM"))


def _pixels(image: Image.Image, *, is_deep: bool) -> NDArray[np.uint8]:
    """RGB of an image that is turned in place."""
    ImageOps.exif_transpose(image, in_place=True)
    if is_deep:
        grey = (np.asarray(image) >> 8).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if image.has_transparency_data:
        clear = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", clear.size, (0, 0, 0, 255)), clear)
    return np.asarray(image.convert("RGB"))
