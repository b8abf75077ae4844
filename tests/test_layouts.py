"""How people's data lies on disk: each layout with the right counts, or the right refusal.

A row of the table is a tree of files. In a path, `<Class>` stands for each of the data set's classes, and a number in
place of a file's content for so many images: `{"train/<Class>/im{n}.png": 2}` is 2 images a class.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ferray.data.datasets import Dataset
from ferray.data.samples import SampleList
from ferray.emotions import EMOTION_NAMES
from ferray.errors import DataError
from ferray.registry import ROOMS

KAGGLE = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")
OWN = ("calm", "cross", "glad")
NUMBERS = ("0", "1", "2", "3", "4", "5", "6")
Content = int | str | bytes
SHEET = "".join(f"Film_{n:09d}_1.png,{n + 1},{','.join(['0.5'] * 10)}\n" for n in range(7))


@dataclass(frozen=True)
class Layout:
    """One row: what lies there, and what becomes of it.

    `counts` are images by official part, `says` words of the account. A layout with `refused` ends in a DataError: that
    is a part of its message, and `hint` one of its hint.
    """

    title: str
    dataset: str
    files: dict[str, Content]
    counts: dict[str, int] = field(default_factory=dict)
    says: tuple[str, ...] = ()
    refused: str = ""
    hint: str = ""
    classes: tuple[str, ...] = EMOTION_NAMES
    params: dict[str, Any] = field(default_factory=dict)


FOLDERS = [
    Layout(
        "SFEW 2.0 with aligned faces, each archive unpacked in its part's folder",
        "sfew",
        {
            "SFEW_2/Train/Train_Aligned_Faces/<Class>/Film{n}_000000001_00000001.png": 2,
            "SFEW_2/Val/Val_Aligned_Faces_new/Val_Aligned_Faces/<Class>/Film{n}_000000001_00000002.png": 1,
            "SFEW_2/Test/Test_Aligned_Faces/{n}.png": 3,
        },
        {"train": 14, "val": 7},
        ("folder `Val/Val_Aligned_Faces_new/Val_Aligned_Faces`", "folder `SFEW_2/Test` (3 files)"),
    ),
    Layout(
        "SFEW 2.0 with the validation archive unpacked beside the parts",
        "sfew",
        {"SFEW/Train_Aligned_Faces/<Class>/{n}.png": 2, "SFEW/Val_Aligned_Faces_new/<Class>/{n}.png": 1},
        {"train": 14, "val": 7},
        ("folder `Val_Aligned_Faces_new`",),
    ),
    Layout(
        "SFEW 2.0 with frames and aligned faces in one folder: the aligned ones",
        "sfew",
        {
            "SFEW/Train/<Class>/{n}.png": 3,
            "SFEW/Train/Train_Aligned_Faces/<Class>/{n}.png": 2,
            "SFEW/Val/Val/<Class>/{n}.png": 3,
            "SFEW/Val/Val_Aligned_Faces_new/Val_Aligned_Faces/<Class>/{n}.png": 1,
        },
        {"train": 14, "val": 7},
        ("folder `SFEW/Train` (21 files)", "folder `SFEW/Val/Val` (21 files)"),
    ),
    Layout(
        "SFEW 2.0 with frames and aligned faces in one folder: the frames",
        "sfew",
        {
            "SFEW/Train/<Class>/{n}.png": 3,
            "SFEW/Train/Train_Aligned_Faces/<Class>/{n}.png": 2,
            "SFEW/Val/Val/<Class>/{n}.png": 3,
            "SFEW/Val/Val_Aligned_Faces_new/Val_Aligned_Faces/<Class>/{n}.png": 1,
        },
        {"train": 21, "val": 21},
        ("folder `SFEW/Train/Train_Aligned_Faces` (14 files)",),
        params={"faces": "frames"},
    ),
    Layout(
        "SFEW 2.0 with a labelled test part",
        "sfew",
        {"SFEW/Train/<Class>/{n}.png": 1, "SFEW/Val/<Class>/{n}.png": 1, "SFEW/Test/<Class>/{n}.png": 2},
        {"train": 7, "val": 7, "test": 14},
    ),
    Layout(
        "SFEW 2.0 in folders of folders of the same name",
        "sfew",
        {"SFEW/SFEW/SFEW/Train/Train/Train/<Class>/{n}.png": 1, "SFEW/SFEW/SFEW/Val/Val/<Class>/{n}.png": 1},
        {"train": 7, "val": 7},
    ),
    Layout(
        "SFEW 2.0 whose validation archive is not unpacked",
        "sfew",
        {"SFEW/Train/<Class>/{n}.png": 1, "SFEW/Val/Val_Aligned_Faces_new.zip": "PK"},
        refused="Val` is to be the val part, and has no class folders with images: it holds 1 file `.zip`",
    ),
    Layout("SFEW 1.0, one folder a class", "sfew", {"SFEW/<Class>/{n}.png": 2}, {"all": 14}, ("folder `SFEW`",)),
    Layout(
        "SFEW 1.0 beside a test folder without labels",
        "sfew",
        {"SFEW/<Class>/{n}.png": 2, "SFEW/Test/{n}.png": 4},
        {"all": 14},
        ("folder `SFEW/Test` (4 files)",),
    ),
    Layout(
        "SFEW in the data root itself, other sets beside it",
        "sfew",
        {
            "Train/<Class>/{n}.png": 1,
            "Val/<Class>/{n}.png": 1,
            "fer2013/train/angry/x.png": 1,
            "sfew_faces_mtcnn/Train/Angry/x.png": 1,
            "sfew_faces_mtcnn/report.json": "{}",
        },
        {"train": 7, "val": 7},
    ),
    Layout(
        "SFEW with a class folder of no expression",
        "sfew",
        {"SFEW/Train/<Class>/{n}.png": 1, "SFEW/Train/Contempt/x.png": 1},
        refused="`Contempt` is not one of the seven expressions",
    ),
    Layout(
        "FER-2013 as folders of its three usages",
        "fer2013",
        {
            "fer2013/Training/<Class>/{n}.jpg": 3,
            "fer2013/PublicTest/<Class>/{n}.jpg": 2,
            "fer2013/PrivateTest/<Class>/{n}.jpg": 1,
        },
        {"train": 21, "val": 14, "test": 7},
        ("folder `Training`", "folder `PublicTest`", "folder `PrivateTest`"),
        classes=KAGGLE,
    ),
    Layout(
        "FER-2013 as on Kaggle, the file names telling val from test",
        "fer2013",
        {
            "fer2013/train/<Class>/Training_{n}.jpg": 3,
            "fer2013/test/<Class>/PublicTest_{n}.jpg": 2,
            "fer2013/test/<Class>/PrivateTest_{n}.jpg": 1,
        },
        {"train": 21, "val": 14, "test": 7},
        ("file names `PublicTest_` in folder `test`", "the other file names in folder `test`"),
        classes=KAGGLE,
    ),
    Layout(
        "FER-2013 with val moved out of train, file names kept: the folder decides",
        "fer2013",
        {
            "fer2013/train/<Class>/Training_1{n}.jpg": 3,
            "fer2013/val/<Class>/Training_2{n}.jpg": 2,
            "fer2013/test/<Class>/PrivateTest_{n}.jpg": 1,
        },
        {"train": 21, "val": 14, "test": 7},
        ("14 files in val are called `Training_`: the folder decides",),
        classes=KAGGLE,
    ),
    Layout(
        "FER-2013 with val moved out of test, file names kept",
        "fer2013",
        {
            "fer2013/train/<Class>/Training_{n}.jpg": 3,
            "fer2013/validation/<Class>/PublicTest_1{n}.jpg": 1,
            "fer2013/test/<Class>/PublicTest_2{n}.jpg": 1,
            "fer2013/test/<Class>/PrivateTest_{n}.jpg": 1,
        },
        {"train": 21, "val": 7, "test": 14},
        ("7 files in test are called `PublicTest_`: the folder decides",),
        classes=KAGGLE,
    ),
    Layout(
        "FER-2013 whose public test part was put into train",
        "fer2013",
        {
            "fer2013/train/<Class>/Training_{n}.jpg": 2,
            "fer2013/train/<Class>/PublicTest_{n}.jpg": 1,
            "fer2013/test/<Class>/PrivateTest_{n}.jpg": 1,
        },
        {"train": 21, "test": 7},
        ("7 files in train are called `PublicTest_`: the folder decides",),
        classes=KAGGLE,
    ),
    Layout(
        "FER-2013 as class folders alone, whose file names tell every part",
        "fer2013",
        {
            "fer2013/<Class>/Training_{n}.jpg": 3,
            "fer2013/<Class>/PublicTest_{n}.jpg": 2,
            "fer2013/<Class>/PrivateTest_{n}.jpg": 1,
        },
        {"train": 21, "val": 14, "test": 7},
        ("file names `Training_` in folder `fer2013`", "file names `PrivateTest_` in folder `fer2013`"),
        classes=KAGGLE,
    ),
    Layout(
        "FER-2013 as class folders alone, where some file names tell no part",
        "fer2013",
        {"fer2013/<Class>/Training_{n}.jpg": 3, "fer2013/<Class>/PublicTest_{n}.jpg": 2, "fer2013/<Class>/x{n}.jpg": 1},
        {"all": 42},
        classes=KAGGLE,
    ),
    Layout(
        "SFEW whose validation part lies there twice, deeper",
        "sfew",
        {"SFEW/Train/<Class>/{n}.png": 2, "SFEW/Val/a/<Class>/{n}.png": 1, "SFEW/Val/b/<Class>/{n}.png": 1},
        refused="class folders lie both in",
        hint="keep one of the two there",
    ),
    Layout(
        "SFEW whose aligned validation part lies there twice, old and new",
        "sfew",
        {
            "SFEW/Train_Aligned_Faces/<Class>/{n}.png": 2,
            "SFEW/Val_Aligned_Faces/<Class>/{n}.png": 1,
            "SFEW/Val_Aligned_Faces_new/<Class>/{n}.png": 1,
        },
        refused="class folders lie both in",
    ),
    Layout(
        "classes whose images lie in a folder for each person",
        "image_folder",
        {"set/<Class>/S1/{n}.png": 2, "set/<Class>/S2/{n}.png": 2},
        refused="holds class folders and is no known split",
        hint="if it is a class put its images right in it",
        classes=OWN,
        params={"path": "set"},
    ),
    Layout(
        "FER-2013 with class folders called by their codes",
        "fer2013",
        {"fer2013/train/<Class>/{n}.png": 2, "fer2013/test/<Class>/{n}.png": 1},
        {"train": 14, "test": 7},
        classes=NUMBERS,
    ),
    Layout(
        "folders called 1 to 7, which are no codes of FER-2013",
        "fer2013",
        {"fer2013/train/<Class>/{n}.png": 2},
        refused="`7` is not one of the seven expressions",
        classes=("1", "2", "3", "4", "5", "6", "7"),
    ),
    Layout(
        "FER-2013 two folders deep, as one archive is",
        "fer2013",
        {"fer2013/images/images/train/<Class>/{n}.jpg": 2, "fer2013/images/images/validation/<Class>/{n}.jpg": 1},
        {"train": 14, "val": 7},
        classes=KAGGLE,
    ),
    Layout(
        "FER-2013 in a folder called archive",
        "fer2013",
        {"archive/train/<Class>/{n}.jpg": 2, "archive/test/<Class>/{n}.jpg": 1},
        {"train": 14, "test": 7},
        classes=KAGGLE,
    ),
    Layout(
        "a data root that holds another data set alone",
        "fer2013",
        {"affectnet/train/<Class>/{n}.jpg": 2},
        refused="dataset `fer2013` is not under",
        classes=KAGGLE,
    ),
    Layout(
        "SFEW alone, asked for FER-2013",
        "fer2013",
        {"SFEW/Train/<Class>/{n}.png": 2},
        refused="dataset `fer2013` is not under",
    ),
    Layout(
        "FER-2013 with a split of one's own making",
        "fer2013",
        {"fer2013/train/<Class>/{n}.jpg": 2, "fer2013/holdout2/<Class>/{n}.jpg": 1},
        refused="holdout2` holds class folders and is no known split",
        hint="call it train, val or test",
        classes=KAGGLE,
    ),
    Layout(
        "FER-2013 with an earlier copy of itself",
        "fer2013",
        {"fer2013/train/<Class>/{n}.jpg": 2, "fer2013/old/train/<Class>/{n}.jpg": 1},
        {"train": 14},
        ("folder `fer2013/old` (7 files)",),
        classes=KAGGLE,
    ),
    Layout(
        "splits of one's own called train and dev",
        "image_folder",
        {"train/<Class>/{n}.png": 2, "dev/<Class>/{n}.png": 1},
        {"train": 6, "val": 3},
        ("folder `dev`",),
        classes=OWN,
    ),
    Layout(
        "splits of one's own called TRAIN and Eval",
        "image_folder",
        {"TRAIN/<Class>/{n}.png": 2, "Eval/<Class>/{n}.png": 1},
        {"train": 6, "val": 3},
        classes=OWN,
    ),
    Layout(
        "splits of one's own called train, dev and eval",
        "image_folder",
        {"train/<Class>/{n}.png": 2, "dev/<Class>/{n}.png": 1, "eval/<Class>/{n}.png": 2},
        {"train": 6, "val": 3, "test": 6},
        classes=OWN,
    ),
    Layout(
        "splits of one's own called train, dev, eval and test",
        "image_folder",
        {f"{part}/<Class>/{{n}}.png": 1 for part in ("train", "dev", "eval", "test")},
        refused="eval` stands beside folders of val and of test",
        classes=OWN,
    ),
    Layout(
        "splits of one's own called Validation_Set",
        "image_folder",
        {"train/<Class>/{n}.png": 2, "validation_set/<Class>/{n}.png": 1},
        refused="validation_set` holds class folders and is no known split",
        classes=OWN,
    ),
    Layout(
        "val and valid together",
        "image_folder",
        {"train/<Class>/{n}.png": 2, "val/<Class>/a{n}.png": 1, "valid/<Class>/b{n}.png": 1},
        {"train": 6, "val": 6},
        ("folders `val`, `valid`",),
        classes=OWN,
    ),
    Layout(
        "each split in a folder of the same name",
        "image_folder",
        {"train/train/<Class>/{n}.png": 2, "val/images/val/<Class>/{n}.png": 1},
        {"train": 6, "val": 3},
        ("folder `val/images/val`",),
        classes=OWN,
    ),
    Layout(
        "two sets of classes below one split",
        "image_folder",
        {"train/first/<Class>/{n}.png": 2, "train/second/<Class>/{n}.png": 2},
        refused="class folders lie both in",
        classes=OWN,
    ),
    Layout(
        "a test part without class folders",
        "image_folder",
        {"train/<Class>/{n}.png": 2, "test/{n}.png": 5},
        {"train": 6},
        ("folder `test` (5 files)",),
        classes=OWN,
    ),
    Layout(
        "a validation part without class folders",
        "image_folder",
        {"train/<Class>/{n}.png": 2, "val/{n}.png": 5},
        refused="val` is to be the val part, and has no class folders with images: it holds 5 files `.png`",
        classes=OWN,
    ),
    Layout(
        "splits that hold images in place of classes",
        "image_folder",
        {"train/{n}.png": 4, "test/{n}.png": 4},
        refused="train` is to be the train part, and has no class folders with images: it holds 4 files `.png`",
        classes=OWN,
    ),
    Layout(
        "one level of classes, beside a test folder without labels",
        "image_folder",
        {"<Class>/{n}.png": 2, "test/{n}.png": 3},
        {"all": 6},
        ("folder `test` (3 files)",),
        classes=OWN,
    ),
    Layout(
        "one level of classes in one folder",
        "image_folder",
        {"mine/<Class>/{n}.png": 2, "mine/README.txt": "by me"},
        {"all": 6},
        ("1 file `.txt`",),
        classes=OWN,
    ),
    Layout(
        "two sets of one's own in the data root",
        "image_folder",
        {"mine/<Class>/{n}.png": 2, "yours/<Class>/{n}.png": 2},
        refused="mine` holds class folders and is no known split",
        hint="name the folder of one data set",
        classes=OWN,
    ),
    Layout(
        "a data root that is somebody's home, with images far down in it",
        "image_folder",
        {"work/a/b/c/d/e/<Class>/{n}.png": 2, "play/x.txt": ""},
        refused="dataset `image_folder` is not under",
        classes=OWN,
    ),
    Layout(
        "a class folder that is empty",
        "sfew",
        {"SFEW/Train/<Class>/{n}.png": 1, "SFEW/Val/<Class>/{n}.png": 1, "SFEW/Val/Disgusted/": ""},
        refused="SFEW/Val/Disgusted: is empty",
        hint="take the folders away",
    ),
    Layout(
        "a class folder that holds only folders",
        "image_folder",
        {"train/<Class>/{n}.png": 2, "train/wild/first/{n}.png": 2},
        refused="train/wild: holds only folders (`first`)",
        classes=OWN,
    ),
    Layout(
        "a class folder that holds only suffixes that are not read",
        "fer2013",
        {"fer2013/train/<Class>/{n}.jpg": 2, "fer2013/train/disgust/{n}.heic": 3},
        refused="fer2013/train/disgust: holds 3 files `.heic`",
        classes=tuple(name for name in KAGGLE if name != "disgust"),
    ),
    Layout(
        "suffixes that are not read beside images",
        "image_folder",
        {"train/<Class>/{n}.png": 2, "train/<Class>/{n}.txt": 1, "train/calm/notes": "none", "train/labels.csv": "x"},
        {"train": 6},
        ("3 files `.txt`", "1 file without a suffix", "1 file `.csv`"),
        classes=OWN,
    ),
    Layout(
        "rarer suffixes of images",
        "image_folder",
        {f"train/<Class>/x.{suffix}": 1 for suffix in ("jfif", "jpe", "gif", "webp", "TIFF")},
        {"train": 15},
        classes=OWN,
    ),
    Layout(
        "images beside the class folders",
        "image_folder",
        {"train/<Class>/{n}.png": 2, "train/{n}.png": 4},
        {"train": 6},
        ("4 files without a class folder",),
        classes=OWN,
    ),
    Layout(
        "files of the desktop",
        "image_folder",
        {
            "train/<Class>/{n}.png": 2,
            "train/<Class>/._{n}.png": 2,
            "train/<Class>/Thumbs.db": "x",
            "train/.DS_Store": "x",
            "__MACOSX/train/calm/x.png": 1,
        },
        {"train": 6},
        classes=OWN,
    ),
    Layout(
        "faces that ferray cut",
        "sfew",
        {"sfew_faces_center/<Class>/{n}.png": 2, "sfew_faces_center/report.json": "{}"},
        {"all": 14},
        params={"faces": "center"},
    ),
]
LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 301072766\n"
WEB = "\n<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>\n"
ROWS = "".join(f"{code},1 2 3 {code},{usage}\n" for usage in ("Training", "PublicTest") for code in range(7))
CSVS = [
    Layout(
        "FER-2013's csv in the data root",
        "fer2013",
        {"fer2013.csv": "emotion,pixels,Usage\n" + ROWS},
        {"train": 7, "val": 7},
        ("usage `Training`", "usage `PublicTest`"),
    ),
    Layout(
        "FER-2013's csv beside its folders",
        "fer2013",
        {"fer2013/fer2013.csv": "emotion,pixels,Usage\n" + ROWS, "fer2013/train/<Class>/{n}.jpg": 2},
        {"train": 7, "val": 7},
        ("folder `train` (14 files)",),
        classes=KAGGLE,
    ),
    Layout(
        "FER-2013's csv with words for emotions, and Windows' line ends",
        "fer2013",
        {"fer2013.csv": "\ufeffUsage, emotion ,pixels\r\nTraining,Happy,1 2 3 4\r\nPublicTest,sadness,1 2 3 5\r\n"},
        {"train": 1, "val": 1},
    ),
    Layout(
        "pixels before emotion, no usage",
        "fer2013",
        {"fer2013.csv": "pixels,emotion\n" + "".join(f"1 2 3 {code},{code}\n" for code in range(7))},
        {"all": 7},
        ("`fer2013.csv`",),
    ),
    Layout(
        "the competition's train.csv",
        "fer2013",
        {"fer2013/train.csv": "emotion,pixels\n0,1 2 3 4\n3,1 2 3 5\n", "fer2013/test.csv": "pixels\n1 2 3 4\n"},
        {"all": 2},
        ("`train.csv`",),
    ),
    Layout(
        "the competition's folder as its tool calls it",
        "fer2013",
        {
            "challenges-in-representation-learning-facial-expression-recognition-challenge/icml_face_data.csv": (
                "emotion, Usage, pixels\n0, Training, 1 2 3 4\n3, PrivateTest, 1 2 3 5\n"
            )
        },
        {"train": 1, "test": 1},
    ),
    Layout(
        "a train.csv of another data set beside FER-2013's folders",
        "fer2013",
        {"train.csv": "id,name\n1,a\n", "fer2013/train/<Class>/{n}.jpg": 2},
        {"train": 14},
        classes=KAGGLE,
    ),
    Layout(
        "a train.csv of another kind in the data root",
        "fer2013",
        {"train.csv": b"PK\x03\x04", "fer2013/train/<Class>/{n}.jpg": 2},
        {"train": 14},
        classes=KAGGLE,
    ),
    Layout(
        "a pointer of Git LFS", "fer2013", {"fer2013.csv": LFS}, refused="is a Git LFS pointer", hint="git lfs pull"
    ),
    Layout("a web page", "fer2013", {"fer2013.csv": WEB}, refused="is a web page, not a csv", hint="logged in"),
    Layout(
        "an archive called csv", "fer2013", {"fer2013.csv": b"PK\x03\x04\0\0"}, refused="is a zip archive", hint="unzip"
    ),
    Layout(
        "a compressed archive called csv",
        "fer2013",
        {"fer2013.csv": b"\x1f\x8b\x08\0"},
        refused="is a gzip archive",
        hint="gunzip",
    ),
    Layout(
        "a tar called csv",
        "fer2013",
        {"fer2013.csv": b"fer2013/fer2013.csv".ljust(257, b"\0") + b"ustar\0"},
        refused="is a tar archive",
        hint="tar xf",
    ),
    Layout(
        "a csv in UTF-16",
        "fer2013",
        {"fer2013.csv": "emotion,pixels\n0,1 2 3 4\n".encode("utf-16")},
        refused="is UTF-16 text",
        hint="save it as UTF-8",
    ),
    Layout(
        "a csv in UTF-16 without a mark",
        "fer2013",
        {"fer2013.csv": "emotion,pixels\n0,1 2 3 4\n".encode("utf-16-le")},
        refused="is UTF-16 text",
    ),
    Layout(
        "a csv with semicolons",
        "fer2013",
        {"fer2013.csv": "emotion;pixels;Usage\n0;1 2 3 4;Training\n"},
        refused="separates its columns by `;`",
        hint="save it with commas",
    ),
    Layout(
        "a csv with tabs",
        "fer2013",
        {"fer2013.csv": "emotion\tpixels\n0\t1 2 3 4\n"},
        refused="separates its columns by `tabs`",
    ),
    Layout(
        "a csv of something else",
        "fer2013",
        {"fer2013.csv": "file,label\na.png,0\n"},
        refused="has no column `emotion`",
    ),
    Layout("an empty csv", "fer2013", {"fer2013.csv": ""}, refused="fer2013.csv` is empty"),
    Layout(
        "a csv without a header",
        "fer2013",
        {"fer2013.csv": "0,1 2 3 4,Training\n"},
        refused="has no header row",
        hint="among them emotion, pixels",
    ),
    Layout("bytes at random", "fer2013", {"fer2013.csv": b"\x13\t\x9c\xfe\x01\n"}, refused="is no text"),
    Layout(
        "an Excel workbook", "fer2013", {"fer2013.xlsx": b"PK\x03\x04"}, refused="is not under", hint="fer2013.xlsx`"
    ),
    Layout("a csv without rows", "fer2013", {"fer2013.csv": "emotion,pixels\n"}, refused="has no rows"),
    Layout(
        "an archive that is not unpacked",
        "fer2013",
        {"fer2013/fer2013.tar.gz": b"\x1f\x8b\x08\0"},
        refused="dataset `fer2013` is not under",
        hint="fer2013/fer2013.tar.gz`, which lies there",
    ),
    Layout("a sheet of numbers in the data root", "sfew_features", {"SFEW.csv": SHEET}, {"all": 7}, ("`SFEW.csv`",)),
    Layout(
        "a sheet with semicolons",
        "sfew_features",
        {"SFEW.csv": SHEET.replace(",", ";")},
        refused="separates its columns by `;`",
    ),
    Layout(
        "a pointer of Git LFS in place of a sheet",
        "sfew_features",
        {"SFEW.xlsx": LFS},
        refused="is a Git LFS pointer, not an Excel sheet",
    ),
]
GROUPED = [
    Layout(
        "CK+ as cropped faces, one folder a class",
        "image_folder",
        {"CK+48/<Class>/S01{n}_004_00000017.png": 3},
        {"all": 9},
        ("people in CK+'s names",),
        classes=("anger", "contempt", "happy"),
    ),
    Layout(
        "JAFFE sorted into class folders",
        "image_folder",
        {"jaffe/AN/KA.AN{n}.39.tiff": 3, "jaffe/HA/KL.HA{n}.158.tiff": 3},
        {"all": 6},
        ("people in JAFFE's names",),
    ),
    Layout(
        "RAF-DB sorted into class folders: its names tell no people",
        "image_folder",
        {"train/<Class>/train_0000{n}_aligned.jpg": 3, "test/<Class>/test_000{n}_aligned.jpg": 2},
        {"train": 21, "test": 14},
        classes=("1", "2", "3", "4", "5", "6", "7"),
    ),
    Layout(
        "SFEW's names tell films",
        "sfew",
        {"SFEW/<Class>/Hangover_0000{n}_00000001.png": 2},
        {"all": 14},
        ("films in SFEW's names",),
    ),
]
LAYOUTS = [*FOLDERS, *CSVS, *GROUPED]
READ = [layout for layout in LAYOUTS if not layout.refused]
REFUSED = [layout for layout in LAYOUTS if layout.refused]


def write(layout: Layout, root: Path) -> Path:
    for path, content in layout.files.items():
        for class_name in layout.classes if "<Class>" in path else ("",):
            write_files(root, path.replace("<Class>", class_name), content)
    return root


def write_files(root: Path, path: str, content: Content) -> None:
    for number in range(content if isinstance(content, int) else 1):
        file = root / path.format(n=number)
        if path.endswith("/"):
            file.mkdir(parents=True)
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        data = picture(str(file.relative_to(root))) if isinstance(content, int) else content
        file.write_bytes(data.encode() if isinstance(data, str) else data)


def picture(path: str) -> bytes:
    """4 x 4 grey pixels that are another picture for every path."""
    return b"P5 4 4 255\n" + (path.encode() * 16)[-16:][::-1]


def opened(layout: Layout, root: Path) -> SampleList:
    component: type[Dataset] = ROOMS["dataset"].load(layout.dataset)
    return component(component.Params.model_validate(layout.params), write(layout, root)).samples()


@pytest.mark.parametrize("layout", READ, ids=lambda layout: layout.title)
def test_a_layout_is_read_with_every_image_in_its_part(layout: Layout, tmp_path: Path) -> None:
    assert Counter(sample.part for sample in opened(layout, tmp_path).samples) == layout.counts


@pytest.mark.parametrize("layout", READ, ids=lambda layout: layout.title)
def test_a_layout_accounts_for_where_its_parts_come_from_and_what_is_not_read(layout: Layout, tmp_path: Path) -> None:
    account = opened(layout, tmp_path).account
    said = [*account.origins.values(), *account.passed_in_words(), *account.remarks, account.groups]
    assert [words for words in layout.says if words not in said] == []


@pytest.mark.parametrize("layout", REFUSED, ids=lambda layout: layout.title)
def test_a_layout_is_refused_by_name(layout: Layout, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        opened(layout, tmp_path)
    assert layout.refused in caught.value.message
    assert layout.hint in caught.value.hint
