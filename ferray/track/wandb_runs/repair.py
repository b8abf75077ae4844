"""Brings the runs in W&B up to what a sweep's record and its trials' histories say: what lacks is added, once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Event
from typing import Any

from ferray.events import EpochReport
from ferray.track.wandb_runs.at_once import at_once
from ferray.track.wandb_runs.client import Client, epochs_on_server
from ferray.track.wandb_runs.open_run import RunEnd
from ferray.track.wandb_runs.payload import (
    CONFUSION_TABLE,
    FORMER_SUMMARY_KEYS,
    REMOVED_TABLE,
    SUMMARY_KEYS,
    TRIAL_JOB,
    RunFacts,
    changing_tags,
    is_of_search,
)

AT_ONCE = 12  # runs that are asked about, or written, at the same time
FINISH_TIMEOUT_S = 300.0  # of one run's upload
_OUR_NAME = re.compile(r"\S+-[0-9]{4,}(\s|$)")  # `sfew-0017 ...`
_OUR_NOTES = re.compile(r"^recipe `[0-9a-f]{8}`.*$", re.MULTILINE)
_A_PAGE = 100  # runs that one request asks for


@dataclass(frozen=True)
class RunContent:
    """All that the run of a trial that has ended is to hold: its facts, its epochs and its end."""

    facts: RunFacts
    reports: tuple[EpochReport, ...]
    end: RunEnd

    @property
    def epochs(self) -> set[int]:
        """Those that are to have a row."""
        return {report.epoch for report in self.reports}

    @property
    def state(self) -> str:
        """As W&B shows a run that ended so."""
        return "failed" if self.end.exit_code else "finished"


@dataclass(frozen=True)
class FoundRun:
    """A run as its server has it."""

    name: str
    group: str
    job_type: str
    notes: str
    tags: frozenset[str]
    config: Mapping[str, Any]
    summary: Mapping[str, Any]
    state: str
    epochs: frozenset[int]


@dataclass(frozen=True)
class Lack:
    """What a run lacks: the run itself, rows, its end with the tables, or words that can be changed as it is."""

    is_missing: bool = False
    epochs: frozenset[int] = frozenset()
    end: bool = False
    words: bool = False

    def __bool__(self) -> bool:
        return self.is_missing or bool(self.epochs) or self.end or self.words


@dataclass(frozen=True)
class Repair:
    """How the runs of a sweep were before, and what came of bringing them up.

    `lacks` has each run that lacked something by its id; `left` those that still do, with the reason.
    """

    num_runs: int
    lacks: Mapping[str, Lack]
    left: Mapping[str, str]


def lack_of(content: RunContent, found: FoundRun | None) -> Lack:
    """What a run lacks, by what its server has of it."""
    if found is None:
        return Lack(is_missing=True, epochs=frozenset(content.epochs))
    tables = {CONFUSION_TABLE: content.end.confusion, REMOVED_TABLE: content.end.removed}
    lacks_table = any(rows and key not in found.summary for key, rows in tables.items())
    return Lack(
        epochs=frozenset(content.epochs - found.epochs),
        end=lacks_table or found.state != content.state,
        words=_words_differ(content, found),
    )


def keeping_words(content: RunContent, found: FoundRun | None) -> RunContent:
    """The content with the name and notes that somebody has given the run in W&B, where they are not ferray's."""
    if found is None:
        return content
    facts = content.facts
    if found.name and not _OUR_NAME.match(found.name):
        facts = replace(facts, name=found.name)
    ours = _OUR_NOTES.search(facts.notes)
    if found.notes and ours and ours[0] in found.notes:  # the commands below it are called by where they were printed
        facts = replace(facts, notes=found.notes)
    elif found.notes and not _OUR_NOTES.search(found.notes):
        facts = replace(facts, notes=f"{found.notes}\n\n{facts.notes}")
    return replace(content, facts=facts)


def _words_differ(content: RunContent, found: FoundRun) -> bool:
    facts, end = content.facts, content.end
    wanted = (facts.name, facts.group, TRIAL_JOB, facts.notes)
    is_same = wanted == (found.name, found.group, found.job_type, found.notes)
    return (
        not is_same
        or set(merged_tags(found.tags, end.tags)) != found.tags
        or _differ(facts.config, found.config, former=filter(is_of_search, found.config))
        or _differ(end.summary, found.summary, former=(*SUMMARY_KEYS, *FORMER_SUMMARY_KEYS))
    )


def merged_tags(found: Iterable[str], wanted: Sequence[str]) -> list[str]:
    """What a run is to be tagged with: what others have added stays, of what changes only what is wanted."""
    others = [tag for tag in found if tag not in wanted and tag not in changing_tags()]
    return [*wanted, *others]


def _differ(wanted: Mapping[str, Any], found: Mapping[str, Any], *, former: Iterable[str]) -> bool:
    """Whether something is not there as wanted, or still there as it was."""
    plain = json.loads(json.dumps(dict(wanted)))
    return any(key not in found or found[key] != value for key, value in plain.items()) or any(
        key in found and key not in wanted for key in former
    )


class Repairer:
    """Compares and brings up the runs of a sweep by a client that is online; `progress` hears how many are done.

    Nothing is begun once it is `over`.
    """

    def __init__(self, client: Client, progress: Callable[[str, int, int], None], over: Event) -> None:
        self._client = client
        self._progress = progress
        self._over = over

    def bring_up(self, contents: Sequence[RunContent]) -> Repair:
        """Compare, add what lacks, and compare again: what counts is what the server has then."""
        lacking = self._lacking(contents)
        troubles = self._mend(list(lacking.values()))
        left = self._lacking([content for content, _ in lacking.values()]) if lacking else {}
        lacks = {name: lack for name, (_, lack) in lacking.items()}
        return Repair(len(contents), lacks, {name: troubles.get(name, "") for name in left})

    def _lacking(self, contents: Sequence[RunContent]) -> dict[str, tuple[RunContent, Lack]]:
        """The runs that lack something, by their ids, and what."""
        found = self._found([content.facts.id for content in contents])
        wanted = [keeping_words(content, found.get(content.facts.id)) for content in contents]
        compared = {content.facts.id: (content, lack_of(content, found.get(content.facts.id))) for content in wanted}
        return {name: (content, lack) for name, (content, lack) in compared.items() if lack}

    def _found(self, ids: Sequence[str]) -> dict[str, FoundRun]:
        runs = [run for some in _pages(ids) for run in self._listed(some)]
        found = at_once(AT_ONCE, _found_run, runs, self._over)
        return dict(self._counted("comparing runs with W&B", found, len(runs)))

    def _listed(self, ids: Sequence[str]) -> list[Any]:
        """The runs of these ids that there are, in a project that may not be there yet."""
        api = self._client.api()
        if not self._client.place.entity:
            self._client.place = self._client.place.at(api.viewer.entity)
        filters = {"name": {"$in": list(ids)}}
        try:
            return list(api.runs(self._client.place.path, filters=filters, per_page=_A_PAGE, lazy=False))
        except ValueError:  # wandb's word for a project that is not there
            return []

    def _mend(self, lacking: Sequence[tuple[RunContent, Lack]]) -> dict[str, str]:
        """Bring up each run; what went wrong, by the run's id."""
        tried = at_once(AT_ONCE, self._tried, lacking, self._over)
        done = self._counted("bringing runs up", tried, len(lacking))
        return {name: trouble for name, trouble in done if trouble}

    def _tried(self, lacking: tuple[RunContent, Lack]) -> tuple[str, str]:
        content, lack = lacking
        try:
            self._bring_up(content, lack)
        except Exception as error:  # told, and seen when the runs are compared again
            return content.facts.id, f"{type(error).__name__}: {error}"
        return content.facts.id, ""

    def _bring_up(self, content: RunContent, lack: Lack) -> None:
        if not (lack.is_missing or lack.epochs or lack.end):
            self._edit(content)
            return
        opened = self._client.open(content.facts, tags=(), finish_timeout_s=FINISH_TIMEOUT_S)
        keeps_former = any(key not in content.facts.config for key in filter(is_of_search, opened.run.config.keys()))
        for report in content.reports:
            opened.log(report)
        opened.finish(replace(content.end, tags=merged_tags(opened.run.tags or (), content.end.tags)))
        if keeps_former:  # a run that goes on has all the config that it had
            self._edit(content)

    def _edit(self, content: RunContent) -> None:
        """Change words of a run that has ended, without opening it."""
        run = self._client.api().run(f"{self._client.place.path}/{content.facts.id}")
        facts, end = content.facts, content.end
        run.name, run.notes, run.group, run.job_type = facts.name, facts.notes, facts.group, TRIAL_JOB
        run.tags = merged_tags(run.tags, end.tags)
        for key in [*filter(is_of_search, run.config)]:
            run.config.pop(key)
        run.config.update(facts.config)
        for key in (*SUMMARY_KEYS, *FORMER_SUMMARY_KEYS):
            if key in run.summary and key not in end.summary:
                del run.summary[key]
        for key, value in end.summary.items():
            run.summary[key] = value
        run.update()

    def _counted(self, what: str, results: Iterable[Any], total: int) -> Iterable[Any]:
        for done, result in enumerate(results, start=1):
            self._progress(what, done, total)
            yield result


def _pages(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[first : first + _A_PAGE] for first in range(0, len(ids), _A_PAGE))


def _found_run(run: Any) -> tuple[str, FoundRun]:
    """A run of W&B's public interface, with the epochs that it has rows of."""
    return run.id, FoundRun(
        name=run.name or "",
        group=run.group or "",
        job_type=run.job_type or "",
        notes=run.notes or "",
        tags=frozenset(run.tags),
        config=run.config,
        summary=run.summary_metrics,
        state=run.state,
        epochs=frozenset(epochs_on_server(run)),
    )
