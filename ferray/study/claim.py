"""One folder, one study: which study of a store is the sweep of a folder, and whose it is where it is another's."""

from __future__ import annotations

from typing import Any

import optuna
from optuna.storages import BaseStorage

from ferray.config.entry import Entry
from ferray.config.place import Place
from ferray.config.urls import without_password
from ferray.errors import ResumeMismatch
from ferray.study.records import SPEC_ATTR

FOLDER_ATTR = "folder"  # on a study in a database: {identity, path, host} of the one folder that its files lie in


def study_of(store: BaseStorage, place: Place, entry: Entry = Entry.ALONE) -> str:
    """The name of the study that the sweep in `place` goes on with, or begins.

    A renamed or copied folder goes on with the study in its journal. In a database a study belongs to the folder that
    it was run in; taking over gives it to this one. ResumeMismatch where the study is another's, or cannot be told.
    """
    known = {summary.study_name: summary.user_attrs for summary in optuna.get_all_study_summaries(store)}
    if place.storage is None:
        return _in_journal(place, known)
    return _in_database(place, known, entry)


def mark(store: BaseStorage, place: Place, entry: Entry = Entry.ALONE) -> None:
    """Write into a database whose study this is; a journal lies in its folder and need not say.

    In a turn of the study: ResumeMismatch where one who joins finds that another folder was quicker.
    """
    if place.storage is None:
        return
    if entry is Entry.JOIN:
        study_of(store, place, entry)
    path, host, _ = place.seen
    owner = {"identity": place.identity, "path": path, "host": host}
    store.set_study_user_attr(store.get_study_id_from_name(place.study), FOLDER_ATTR, owner)


def _in_journal(place: Place, known: dict[str, dict[str, Any]]) -> str:
    name = place.folder.name
    if not known or name in known:
        return name
    if place.study in known:
        return place.study
    if len(known) > 1:
        listed = ", ".join(f"`{other}`" for other in sorted(known))
        message = f"the journal in `{place.folder}` holds the sweeps {listed}, and none of that name"
        raise ResumeMismatch(message, "give the folder the name of the one to go on with")
    ((other, attrs),) = known.items()
    if SPEC_ATTR not in attrs:
        message = f"the journal in `{place.folder}` holds a study `{other}` that was not written by ferray"
        raise ResumeMismatch(message, "give the sweep a name of its own with `--name`")
    return other


def _in_database(place: Place, known: dict[str, dict[str, Any]], entry: Entry) -> str:
    name, store = place.study, without_password(place.storage or "")
    if name not in known:
        if place.is_known:
            message = f"the store `{store}` holds no study `{name}`, and `{place.folder}` is of one that was begun"
            raise ResumeMismatch(message, "pass the `--storage` that it is in, or give this one a `--name` of its own")
        return name
    owner = known[name].get(FOLDER_ATTR)
    if owner is None or owner["identity"] == place.identity or entry is Entry.TAKE_OVER:
        return name
    message = f"the store `{store}` holds the sweep `{name}` of `{owner['path']}` on {owner['host']}"
    if entry is Entry.JOIN:
        hint = "join it with an `--output` that is this very folder, on a disk that both hosts see"
        raise ResumeMismatch(message, hint)
    hint = "give this one a `--name` of its own, or go on with that one, without its checkpoints, by `--take-over`"
    raise ResumeMismatch(message, hint)
