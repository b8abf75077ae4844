"""The checksum at the end of each line of a journal: a last key of the line's JSON object, which Optuna passes over.

It is the CRC-32 of all lines up to that key which have one. So one bit that flips anywhere is noticed, as is a line
that is lost, repeated or moved; lines without, of an older ferray or of `optuna-dashboard`, are passed over.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from zlib import crc32

CHECKSUM = "crc32"  # the key
_MARK = b',"crc32":"'
_END = b'"}\n'
_LENGTH = len(_MARK) + 8 + len(_END)
_BLOCK = 8_192


def sealed(objects: Iterable[str], begun: int) -> bytes:
    """JSON objects as lines with their checksums, after lines whose CRC-32 is `begun`."""
    lines = []
    for body in (text[:-1].encode() for text in objects):
        checksum = crc32(body, begun)
        tail = b"%b%08x%b" % (_MARK, checksum, _END)
        begun = crc32(tail, checksum)
        lines.append(body + tail)
    return b"".join(lines)


def is_sealed(line: bytes) -> bool:
    """Whether a whole line has a checksum, right or wrong."""
    return line[-_LENGTH : -_LENGTH + len(_MARK)] == _MARK


def are_right(lines: Sequence[bytes], last: bytes) -> bool:
    """Whether all of these whole lines have a checksum and the last one's is right, which covers the others.

    `last` is the last line before them that has one, b"" where none has.
    """
    text = b"".join(lines)
    if text.count(_MARK) != len(lines) or not is_sealed(lines[-1]):
        return False
    return crc32(memoryview(text)[:-_LENGTH], crc_after(last)) == _checksum_of(lines[-1])


def first_wrong(lines: Sequence[bytes], last: bytes, before: bytes) -> int | None:
    """Which of these whole lines has a wrong checksum; None where every one is right.

    Slower than `are_right`, which it need not follow. `before` is the end of what stands before the lines. One that
    follows an earlier one than the last is right: two wrote at once, on a disk without locks.
    """
    begun = crc_after(last)
    for index, line in enumerate(lines):
        if not is_sealed(line):
            continue
        if _checksum_of(line) != crc32(line[:-_LENGTH], begun) and not _is_late(line, before, lines[:index]):
            return index
        begun = crc_after(line)
    return None


def is_whole(unended: bytes) -> bool:
    """Whether only the newline of a line is another byte, so that it is neither torn nor being written."""
    return _checksum_of(unended[:-1] + b"\n") is not None


def crc_of(descriptor: int) -> int:
    """What the next line begins with; reads a file of whole lines from behind, as far as the last checksum."""
    end, rest = os.fstat(descriptor).st_size, b""
    while end > 0:
        begin = max(0, end - _BLOCK)
        lines = (os.pread(descriptor, end - begin, begin) + rest).splitlines(keepends=True)
        found = next((line for line in reversed(lines if begin == 0 else lines[1:]) if is_sealed(line)), None)
        if found is not None:
            return crc_after(found)
        end, rest = begin, lines[0]
    return 0


def _checksum_of(line: bytes) -> int | None:
    """What a whole line says itself; None where that is no checksum."""
    digits = line[-_LENGTH + len(_MARK) : -len(_END)]
    if not is_sealed(line) or not line.endswith(_END) or not digits.isalnum() or digits != digits.lower():
        return None
    try:
        return int(digits, 16)
    except ValueError:
        return None


def crc_after(line: bytes) -> int:
    """What the line begins with that follows this one; 0 after b"", which stands for none with a checksum."""
    return crc32(line[-_LENGTH:], _checksum_of(line) or 0) if line else 0


def _is_late(line: bytes, before: bytes, lines: Sequence[bytes]) -> bool:
    known = [*before.splitlines(keepends=True), *lines]
    begun = [0, *(crc_after(each) for each in known if is_sealed(each))]
    return line not in known and any(crc32(line[:-_LENGTH], each) == _checksum_of(line) for each in begun)
