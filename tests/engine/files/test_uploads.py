"""Which local files may leave this machine: regular ones in the owner's folders, and nothing that leads out of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from meta_ads_mcp.engine.files.uploads import RootedUploads
from meta_ads_mcp.errors import AdsError, Denied, InvalidArguments, NotFound

MOST = 100


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder for uploads, with a secret beside it."""
    (tmp_path / "secret.csv").write_text("secret")
    folder = tmp_path / "uploads"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "people.csv").write_text("EMAIL\n")
    return folder


def opened(root: Path, path: object) -> bytes:
    with RootedUploads([root]).open(str(path), MOST) as upload:
        return upload.file.read()


def test_a_file_in_a_folder_below_is_read(root: Path) -> None:
    with RootedUploads([str(root)]).open(str(root / "deep" / "people.csv"), MOST) as upload:
        assert (upload.name, upload.size, upload.file.read()) == ("people.csv", 6, b"EMAIL\n")
    assert upload.file.closed


def test_a_link_that_stays_inside_is_followed(root: Path) -> None:
    (root / "link.csv").symlink_to(root / "deep" / "people.csv")
    assert opened(root, root / "link.csv") == b"EMAIL\n"


def test_a_folder_for_uploads_may_itself_be_a_link(root: Path, tmp_path: Path) -> None:
    (tmp_path / "short").symlink_to(root)
    assert opened(tmp_path / "short", root / "deep" / "people.csv") == b"EMAIL\n"
    assert opened(root, tmp_path / "short" / "deep" / "people.csv") == b"EMAIL\n"


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("{root}/../secret.csv", InvalidArguments),
        ("{root}/deep/../deep/people.csv", InvalidArguments),
        ("people.csv", InvalidArguments),
        ("{root}/a\0b", InvalidArguments),
        ("{root}/deep", InvalidArguments),
        ("{root}/pipe", InvalidArguments),
        ("{root}/empty.csv", InvalidArguments),
        ("{root}/large.csv", InvalidArguments),
        ("{root}/missing.csv", NotFound),
        ("{root}/deep/people.csv/more", NotFound),
        ("{root}", Denied),
        ("{root}/out.csv", Denied),
        ("{root}/outside/secret.csv", Denied),
        ("{root}2/people.csv", Denied),
        ("/etc/passwd", Denied),
        ("/dev/zero", Denied),
        ("/proc/self/environ", Denied),
        ("{root}/no/such/../../../secret.csv", InvalidArguments),
    ],
)
def test_other_paths_are_not_opened(root: Path, path: str, error: type[AdsError]) -> None:
    (root / "out.csv").symlink_to(root.parent / "secret.csv")
    (root / "outside").symlink_to(root.parent)
    (root / "empty.csv").touch()
    (root / "large.csv").write_bytes(b"x" * (MOST + 1))
    os.mkfifo(root / "pipe")
    with pytest.raises(error) as refused:
        opened(root, path.format(root=root))
    assert "secret" not in str(refused.value)


def test_error_does_not_reveal_whether_a_file_outside_exists(root: Path) -> None:
    answers = set()
    for name in ("secret.csv", "no-such.csv"):
        with pytest.raises(Denied) as refused:
            opened(root, root.parent / name)
        answers.add(str(refused.value))
    assert len(answers) == 1


def test_a_link_put_in_place_after_the_check_is_not_followed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The path resolves to a file inside; then its folder becomes a link that leads out."""
    (root.parent / "people.csv").write_text("secret")
    uploads = RootedUploads([root])
    place = uploads._locate

    def swapped(given: Path) -> tuple[Path, Path]:
        found = place(given)
        (root / "deep").rename(root / "moved")
        (root / "deep").symlink_to(root.parent)
        return found

    monkeypatch.setattr(uploads, "_locate", swapped)
    with pytest.raises(NotFound):
        uploads.open(str(root / "deep" / "people.csv"), MOST)


def test_without_folders_nothing_is_uploaded(root: Path) -> None:
    with pytest.raises(Denied, match="META_ADS_UPLOAD_ROOTS"):
        RootedUploads().open(str(root / "deep" / "people.csv"), MOST)
