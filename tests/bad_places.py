"""Archives with something the matter, and files that are not what they should be, for the bad uses."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from storage.catalogue.schema import PAGE
from tests.browsed import fill

ARCHIVE = "archive"  # the folder's name in each place


def none(archive: Path) -> None:
    shutil.rmtree(archive)


def a_file(archive: Path) -> None:
    shutil.rmtree(archive)
    archive.write_text("A file, not a folder.\n")


def another_folder(archive: Path) -> None:
    shutil.rmtree(archive)
    archive.mkdir()
    (archive / "thesis.txt").write_text("Chapter one.\n")


def catalogue_is_text(archive: Path) -> None:
    catalogue(archive).write_text("Not a database.\n")


def catalogue_is_cut(archive: Path) -> None:
    os.truncate(catalogue(archive), catalogue(archive).stat().st_size // 2)


def catalogue_is_empty(archive: Path) -> None:
    os.truncate(catalogue(archive), 0)


def catalogue_is_a_folder(archive: Path) -> None:
    catalogue(archive).unlink()
    catalogue(archive).mkdir()


def catalogue_is_damaged(archive: Path) -> None:
    """The first pages, with the schema, are sound."""
    data = bytearray(catalogue(archive).read_bytes())
    data[2 * PAGE :: 97] = bytes(each ^ 0x5A for each in data[2 * PAGE :: 97])
    catalogue(archive).write_bytes(data)


def catalogue_of_a_newer_version(archive: Path) -> None:
    with contextlib.closing(sqlite3.connect(catalogue(archive))) as connection:
        connection.execute("pragma user_version = 99")


def another_database(archive: Path) -> None:
    catalogue(archive).unlink()
    with contextlib.closing(sqlite3.connect(catalogue(archive))) as connection:
        connection.execute("create table photos (name text)")


def marker_is_damaged(archive: Path) -> None:
    (archive / "cleancopy.json").write_text("{")


def newer_format(archive: Path) -> None:
    (archive / "cleancopy.json").write_text('{"archive": "cleancopy", "format": 7}\n')


def warc_is_cut(archive: Path) -> None:
    for path in archive.rglob("*.warc.gz"):
        os.truncate(path, path.stat().st_size - 700)


def ledger_is_cut(archive: Path) -> None:
    for path in (archive / "ledger").rglob("*.jsonl.gz"):
        os.truncate(path, path.stat().st_size - 30)


PLACES: dict[str, Callable[[Path], None]] = {
    each.__name__.replace("warc", "WARC").replace("_", " "): each
    for each in (
        none, a_file, another_folder, catalogue_is_text, catalogue_is_cut, catalogue_is_empty, catalogue_is_a_folder,
        catalogue_is_damaged, catalogue_of_a_newer_version, another_database, marker_is_damaged, newer_format, warc_is_cut,
        ledger_is_cut,
    )
}  # fmt: skip


def catalogue(archive: Path) -> Path:
    return archive / "catalogue.sqlite"


class Places:
    """Folders below `root`, each made when it is asked for the first time: "sound" with an archive of two outlets, those of
    PLACES, "read-only disk" and "full disk" (LookupError where no disk can be made), and files in `things`."""

    def __init__(self, root: Path) -> None:
        self.root, self.things = root, root / "things"
        self._disks = contextlib.ExitStack()
        fill(root / "sound" / ARCHIVE)
        self._put_things()

    def archive(self, where: str) -> Path:
        """Name of a place -> its archive."""
        place = self.root / where.replace(" ", "-")
        if not place.exists():
            if where.endswith("disk"):
                self._disk(place, where == "full disk")
            else:
                shutil.copytree(self.root / "sound", place)
                PLACES[where](place / ARCHIVE)
        return place / ARCHIVE

    def content(self) -> dict[str, str]:
        """Every file and folder -> what is in it, but for locks and what SQLite puts beside a catalogue to read it."""
        found = {}
        for path in self.root.rglob("*"):
            if ".locks" not in path.parts and not path.name.endswith(("-shm", "-wal")):
                found[str(path.relative_to(self.root))] = digest(path) if path.is_file() else oct(path.stat().st_mode)
        return found

    def close(self) -> None:
        self._disks.close()

    def _disk(self, place: Path, full: bool) -> None:
        place.mkdir()
        try:
            self._disks.enter_context(disk(place, "size=2m"))
        except PermissionError as error:
            place.rmdir()
            raise LookupError(str(error)) from error
        shutil.copytree(self.root / "sound" / ARCHIVE, place / ARCHIVE)
        if full:
            with contextlib.suppress(OSError), (place / "something-else").open("wb", buffering=0) as rest:
                while True:
                    rest.write(bytes(4096))
        else:
            subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)

    def _put_things(self) -> None:
        (self.things / "folder").mkdir(parents=True)
        (self.things / "folder" / "datapackage.json").write_text("[1]")
        (self.things / "empty").touch()
        (self.things / "words.txt").write_text("Not a WARC file.\n")
        (self.things / "packed.warc.zst").write_bytes(b"\x28\xb5\x2f\xfd and so on")
        os.mkfifo(self.things / "pipe")
        warc = max((self.root / "sound").rglob("*.warc.gz"), key=lambda path: path.stat().st_size)
        shutil.copy(warc, self.things / "sound.warc.gz")
        (self.things / "cut.warc.gz").write_bytes(warc.read_bytes()[:-700])


@contextlib.contextmanager
def disk(folder: Path, options: str) -> Iterator[None]:
    """A filesystem in memory, mounted on a folder. PermissionError where nobody lets us: a disk that is full or read-only is
    told by the system, also to root, which file modes do not stop."""
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        raise PermissionError("no right to mount a filesystem")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def digest(path: Path) -> str:
    if path.name == "catalogue.sqlite":
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as catalogue:
            return hashlib.sha256("\n".join(catalogue.iterdump()).encode()).hexdigest()  # not how SQLite lays it out
    return hashlib.sha256(path.read_bytes()).hexdigest()
