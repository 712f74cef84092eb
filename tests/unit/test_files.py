"""Files: nothing surprising gets in, nothing half-written stays."""

import errno
import os
from pathlib import Path

import pytest

from osteocast.foundation import files
from osteocast.foundation.errors import InputError, StorageError


def code_of(path: Path, limit: int = 1000) -> str:
    with pytest.raises(InputError) as caught:
        files.read_text_limited(path, limit)
    (issue,) = caught.value.issues
    assert issue.place == str(path)
    return issue.code


def names(folder: Path) -> list[str]:
    return [f.name for f in folder.iterdir()]


def test_text_is_read_with_or_without_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_bytes(b"\xef\xbb\xbfage = 61 # \xc2\xb5\n")
    assert files.read_text_limited(file) == "age = 61 # \u00b5\n"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file.empty"),
        (b" \n\t\n", "file.empty"),
        ("age = 1".encode("utf-16"), "file.not-text"),
        (b"\x00\x01\x02\x03", "file.not-text"),
        (b"name = '\xe9'", "file.not-text"),
        (b"x" * 1001, "file.too-large"),
    ],
)
def test_unusable_content(tmp_path: Path, content: bytes, code: str) -> None:
    file = tmp_path / "a.toml"
    file.write_bytes(content)
    assert code_of(file) == code


def test_missing_directory_pipe_and_impossible_names(tmp_path: Path) -> None:
    assert code_of(tmp_path / "none.toml") == "file.missing"
    assert code_of(tmp_path) == "file.directory"
    os.mkfifo(tmp_path / "pipe")
    assert code_of(tmp_path / "pipe") == "file.special"
    assert code_of(Path("a" * 5000)) == "file.unreadable"
    assert code_of(Path("nul\x00byte")) == "file.unreadable"


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    (tmp_path / "a.toml").write_text("x")
    monkeypatch.setattr(Path, "open", refuse)
    assert code_of(tmp_path / "a.toml") == "file.permission"


def test_a_huge_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    file = tmp_path / "huge.toml"
    with file.open("wb") as stream:
        stream.truncate(100_000_000)
    assert code_of(file) == "file.too-large"


def test_writing_replaces_the_whole_file_and_makes_folders(tmp_path: Path) -> None:
    file = tmp_path / "new" / "result.json"
    files.write_atomically(file, "first, much longer than the second")
    files.write_atomically(file, b"second")
    assert file.read_text() == "second"
    assert names(file.parent) == ["result.json"]
    assert file.stat().st_mode & 0o777 == 0o666 & ~files._umask()


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "result.json"
    files.write_atomically(file, "old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(StorageError, match="No space left") as caught:
        files.write_atomically(file, "new")
    assert caught.value.issues[0].code == "storage.write"
    assert file.read_text() == "old"
    assert names(tmp_path) == ["result.json"]


def test_ctrl_c_while_writing_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        files.write_atomically(tmp_path / "result.json", "new")
    assert names(tmp_path) == []


def test_a_folder_in_the_way_is_reported(tmp_path: Path) -> None:
    (tmp_path / "result.json").mkdir()
    with pytest.raises(StorageError):
        files.write_atomically(tmp_path / "result.json", "new")
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        files.write_atomically(tmp_path / "file" / "result.json", "new")


def test_folder_hash_sees_names_and_contents(tmp_path: Path) -> None:
    def fresh() -> str:
        return files.folder_sha256(tmp_path)

    (tmp_path / "a.toml").write_text("x = 1")
    first = fresh()
    assert first == fresh()
    (tmp_path / "a.toml").write_text("x = 2")
    second = fresh()
    (tmp_path / "a.toml").rename(tmp_path / "b.toml")
    assert len({first, second, fresh()}) == 3


def test_a_place_is_checked_before_a_long_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for good in ("file", "new", "new/deep/file"):
        files.check_place(tmp_path / good)
    for bad in (".", "file/below"):
        with pytest.raises(StorageError, match=r"storage\.write"):
            files.check_place(tmp_path / bad)
    assert names(tmp_path) == ["file"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a pipe with a name")
@pytest.mark.parametrize("linked", [False, True])
def test_a_device_or_pipe_is_never_replaced_by_a_file(tmp_path: Path, linked: bool) -> None:
    # `--out /dev/null` of somebody who may write there moved a file into its place
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    name = tmp_path / "link" if linked else pipe
    if linked:
        name.symlink_to(pipe)
    for refused in (lambda: files.write_atomically(name, "new"), lambda: files.check_place(name)):
        with pytest.raises(StorageError, match=r"storage\.write.*\n.*a device or pipe"):
            refused()
    assert pipe.is_fifo()
    assert name.is_symlink() == linked
