"""One picture after another: decoded, searched, cut and written; in this process or in several."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, parent_process

import cv2

from ferray.crops.cutting import Image, choose, cut, cut_exact, cut_missed
from ferray.crops.journal import Record
from ferray.crops.plan import Plan, Task
from ferray.crops.quality import sharpness
from ferray.data.images import blank_picture, quiet_decoding
from ferray.data.png import write_png
from ferray.errors import BadSampleError, DataError, OneColourError
from ferray.faces import Detection


class Cropper:
    """Deals with one task at a time; the same task gives the same bytes in every process."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._dataset = plan.open_dataset()
        self._finder = plan.open_finder()

    def crop(self, task: Task) -> Record:
        """Write the task's crop, whole or not at all; DataError where the folder takes no writing."""
        try:
            image = self._original(task)
            faces = task.faces
            if faces is None:
                faces = tuple(self._finder.find(image, task.sample.name))
        except BadSampleError as error:
            return Record(task.sample.name, task.found_by, task.cut_by, bad=(error.kind, error.reason))
        height, width = image.shape[:2]
        chosen = choose(faces, self._plan.crop.which, height=height, width=width)
        crop = self._cut(image, chosen)
        return Record(
            task.sample.name,
            task.found_by,
            task.cut_by,
            height=height,
            width=width,
            faces=faces,
            chosen=chosen,
            sharpness=sharpness(image, chosen or Detection(0, 0, width, height)),
            file="" if crop is None else task.file,
            num_bytes=0 if crop is None else write_png(self._plan.to / task.file, crop),
        )

    def _original(self, task: Task) -> Image:
        try:
            return self._dataset.original(task.sample)
        except OneColourError as error:
            if self._dataset.params.bad_samples != "keep":
                raise
            return blank_picture(error)

    def _cut(self, image: Image, face: Detection | None) -> Image | None:
        if face is None:
            return cut_missed(image, self._plan.crop)
        cut_face = cut_exact if self._finder.exact else cut
        return cut_face(image, face, self._plan.crop)


def crop_all(plan: Plan, todo: Sequence[Task], *, workers: int) -> Iterator[Record]:
    """The record of each task, in their order, from so many processes; one works in this process itself."""
    workers = min(workers, len(todo))
    if workers > 1:
        yield from _crop_in_processes(plan, todo, workers)
        return
    cropper = Cropper(plan)
    for task in todo:
        with one_thread(), quiet_decoding():
            record = cropper.crop(task)
        yield record


@contextmanager
def one_thread() -> Iterator[None]:
    """Let OpenCV use one thread: sums in another order would give other last digits, and workers are the cores."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def _crop_in_processes(plan: Plan, todo: Sequence[Task], workers: int) -> Iterator[Record]:
    # Spawned, since a forked process would inherit OpenCV's threads without their locks' owners.
    pool = ProcessPoolExecutor(workers, get_context("spawn"), initializer=_begin, initargs=(plan,))
    try:
        yield from pool.map(_crop, todo)
    except BrokenProcessPool as error:
        raise DataError(
            "a process that cut faces was killed, perhaps for want of memory",
            "pass fewer `--workers`; what is done stays",
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


_CROPPER: list[Cropper] = []  # of a worker process: the one it was begun with


def _begin(plan: Plan) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    cv2.setNumThreads(1)
    quiet_decoding().__enter__()
    _CROPPER[:] = [Cropper(plan)]


def _crop(task: Task) -> Record:
    return _CROPPER[0].crop(task)


def _end_with_the_parent() -> None:
    """A parent that was killed cannot stop its workers, and their queue would never end."""
    parent = parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)
