"""Private files: mode, atomic replacement, whole lines, and what is refused."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from meta_ads_mcp.core.private_files import (
    UnsafeFileError,
    append_private_line,
    move_into_place,
    replace_private,
    write_all,
)

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither these modes nor FIFOs")
WRITERS = {
    "replace": lambda path: replace_private(path, b"new\n"),
    "append": lambda path: append_private_line(path, "new", sync=True),
}


@pytest.fixture(params=WRITERS)
def write(request):
    return WRITERS[request.param]


@POSIX
def test_a_new_file_and_its_folder_are_private(tmp_path: Path, write) -> None:
    os.umask(os.umask(0))
    path = tmp_path / "a" / "b" / "file"
    write(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


@POSIX
@pytest.mark.parametrize("kind", ["symlink", "dangling symlink", "fifo", "folder"])
def test_anything_but_a_regular_file_is_refused_and_left_alone(tmp_path: Path, write, kind: str) -> None:
    path, target = tmp_path / "file", tmp_path / "target"
    if kind == "symlink":
        target.write_bytes(b"old")
    if "symlink" in kind:
        path.symlink_to(target)
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.mkdir()
    before = path.lstat()
    with pytest.raises(UnsafeFileError):
        write(path)
    assert path.lstat().st_ino == before.st_ino
    assert not target.exists() or target.read_bytes() == b"old"


@POSIX
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() != 0, reason="only the superuser can give a file away")
def test_a_file_of_another_user_is_refused(tmp_path: Path, write) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    os.chown(path, 12345, 12345)
    with pytest.raises(UnsafeFileError, match="another user"):
        write(path)
    assert path.read_bytes() == b"old"


def test_a_failed_replacement_leaves_the_old_file_and_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "file"
    replace_private(path, b"old")
    with pytest.raises(TypeError):
        replace_private(path, "text is not bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_lines_are_appended_whole_after_half_a_line(tmp_path: Path) -> None:
    path = tmp_path / "file"
    append_private_line(path, "one", sync=False)
    with path.open("ab") as file:
        file.write(b"half")
    append_private_line(path, "lone surrogate \ud800 and ü", sync=True)
    assert path.read_bytes().split(b"\n") == [b"one", b"half", "lone surrogate \\ud800 and ü".encode(), b""]


@POSIX
def test_a_short_write_is_continued(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, True)
    data = bytes(range(256)) * 1024
    child = os.fork()
    if child == 0:
        os.close(reader)
        write_all(writer, data)
        os._exit(0)
    os.close(writer)
    parts = []
    while part := os.read(reader, 1000):
        parts.append(part)
    os.waitpid(child, 0)
    assert b"".join(parts) == data


def test_concurrent_processes_append_whole_lines(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from meta_ads_mcp.core.private_files import append_private_line\n"
        "for n in range(50): append_private_line(Path(sys.argv[1]), sys.argv[2] * 500, sync=False)"
    )
    path = tmp_path / "file"
    writers = [subprocess.Popen([sys.executable, "-c", code, str(path), letter]) for letter in "abc"]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0, 0]
    lines = path.read_text().splitlines()
    assert len(lines) == 150
    assert {(len(line), len(set(line))) for line in lines} == {(500, 1)}


class StubbornPath(type(Path())):  # type: ignore[misc]
    """A draft whose replacement is refused a few times, as on Windows while another program has the target open."""

    refusals = 0

    def replace(self, target):
        if StubbornPath.refusals:
            StubbornPath.refusals -= 1
            raise PermissionError("in use")
        return Path(self).replace(target)


def test_windows_retries_a_replacement_that_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    draft = StubbornPath(tmp_path / "draft")
    draft.write_bytes(b"new")
    StubbornPath.refusals = 2
    move_into_place(draft, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"new"
