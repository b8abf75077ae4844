"""JAFFE: ten women, seven expressions, told by the files' names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ferray.data.account import Account, PassedOver
from ferray.data.class_names import ClassNames
from ferray.data.datasets import DatasetParams
from ferray.data.datasets._pictures import PictureDataset
from ferray.data.files import shown
from ferray.data.group_names import JAFFE
from ferray.data.layout import HOMES, homes, look_into
from ferray.data.samples import SampleList
from ferray.data.table_rows import Row, file_row, list_rows
from ferray.errors import DataError

DEEPEST = 3  # folders below the set's own in which pictures are looked for
NAMES = ClassNames()
EXAMPLE = "KA.AN1.39.tiff"


class Jaffe(PictureDataset):
    """JAFFE: 213 grey 256x256 pictures of ten Japanese women; names such as `KA.AN1.39.tiff` tell person and label.

    All pictures below `jaffe/` (or the data root itself) with such names are read, whatever folders they lie in; what
    is called otherwise is passed over, and counted. The person is the group. There are no official parts:
    `kfold_by_group` is the usual protocol.
    """

    class Params(DatasetParams):
        pass

    params: Params
    expected_layout = f"jaffe/{EXAMPLE}"
    how_to_get = "JAFFE is given for research after registering: https://zenodo.org/records/3451524"

    def samples(self) -> SampleList:
        *own, root = homes(self.root, HOMES["jaffe"]) or [self.root]
        for home, deepest in [*((home, DEEPEST) for home in own), (root, 0)]:
            names = list(_pictures(home, deepest))
            named = [path for path in names if JAFFE.group_of(path.stem)]
            if named:
                return self._listed(home, named, num_others=len(names) - len(named))
            if names and home != self.root:
                message = (
                    f"none of the {len(names):,} pictures in `{home}` is called as JAFFE's are, such as `{EXAMPLE}`"
                )
                raise DataError(message, "give them their names back, or read class folders with `image_folder`")
        raise self.not_found()

    def _listed(self, home: Path, named: list[Path], *, num_others: int) -> SampleList:
        below = shown(home.relative_to(self.root).as_posix())
        why = f"they are not called as JAFFE's are, such as `{EXAMPLE}`"
        passed = (PassedOver(below, num_others, "of other names", why),) if num_others else ()
        account = Account(shown(str(home)), {"all": f"folder `{shown(home.name)}`"}, passed, groups=JAFFE.title)
        return list_rows(map(self._row, named), NAMES, what=f"`{home}`", account=account, fixed=NAMES.all)

    def _row(self, path: Path) -> Row:
        label = path.name.split(".")[1][:2]
        below = path.relative_to(self.root).as_posix()
        return file_row(self, below, label=label, group=JAFFE.group_of(path.stem))


def _pictures(folder: Path, deepest: int) -> Iterator[Path]:
    """Every picture at most so many folders deep, in order of path."""
    inside = look_into(folder)
    yield from (folder / name for name in inside.images)
    if deepest:
        for inner in inside.subfolders:
            yield from _pictures(inner, deepest - 1)
