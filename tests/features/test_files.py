"""A file is the old one or the new one, never half of either."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import QuerenciaError
from features.files import (
    append_line,
    aside,
    clear,
    locked,
    renewed,
    table_writer,
    workspace,
)


def test_the_new_content_takes_the_place_of_the_old(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file.txt"
    for content in ("old", "new"):
        with aside(path) as new:
            new.write_text(content)
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


def test_nothing_changes_before_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text("old")
    with aside(path) as new:
        new.write_text("new")
        assert path.read_text() == "old"


def _die(new: Path) -> None:
    new.write_text("half")
    raise RuntimeError("out of luck")


def test_the_old_content_stays_when_the_block_raises(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError, match="out of luck"), aside(path) as new:
        _die(new)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_old_content_stays_when_the_disk_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError("no space left")

    path = tmp_path / "file.txt"
    path.write_text("old")
    monkeypatch.setattr("features.files.os.fsync", full)
    with pytest.raises(OSError, match="no space left"), aside(path) as new:
        new.write_text("new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_renewed_as_a_whole(tmp_path: Path) -> None:
    for name in ("records/old", "records/both", "scores/kept"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("before")
    with renewed(tmp_path, "records", "quarantine") as new:
        (new / "records").mkdir()
        (new / "records" / "both").write_text("after")
        assert (tmp_path / "records" / "both").read_text() == "before"
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")} == {
        *("records", "records/both", "quarantine", "scores", "scores/kept"),
    }
    assert (tmp_path / "records" / "both").read_text() == "after"


def test_a_folder_stays_as_it_was_where_the_job_dies(tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "old").write_text("before")

    def die() -> None:
        with renewed(tmp_path, "records") as new:
            (new / "records").mkdir()
            (new / "records" / "new").write_text("after")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        die()
    assert {path.name for path in tmp_path.rglob("*")} == {"records", "old"}


def test_a_folder_is_made_where_there_is_none(tmp_path: Path) -> None:
    with renewed(tmp_path / "data", "records"):
        pass
    assert (tmp_path / "data" / "records").is_dir()


def _age(folder: Path) -> None:
    for path in folder.iterdir():
        os.utime(path, times=(0, 0))


@pytest.fixture
def dead() -> int:
    """The number of a process that is no more."""
    return int(
        subprocess.run(
            [sys.executable, "-c", "import os; print(os.getpid())"],
            capture_output=True,
            check=True,
        ).stdout
    )


def test_what_a_killed_process_left_is_removed_at_the_next_write(tmp_path: Path, dead: int) -> None:
    (tmp_path / f"other.parquet.{dead}.new").write_text("half")
    (tmp_path / f"workspace.{dead}.new").mkdir()
    (tmp_path / f"workspace.{dead}.new" / "spilt").write_text("half")
    _age(tmp_path)
    with aside(tmp_path / "file.txt") as new:
        new.write_text("new")
    assert [path.name for path in tmp_path.iterdir()] == ["file.txt"]


def test_what_another_container_may_still_write_stays(tmp_path: Path, dead: int) -> None:
    (tmp_path / f"file.{dead}.new").write_text("half")
    clear(tmp_path)
    assert len(list(tmp_path.iterdir())) == 1


def test_what_others_still_write_or_a_person_named_so_stays(tmp_path: Path) -> None:
    kept = {f"file.{os.getppid()}.new", f"file.{os.getpid()}.new", "mine.new", "a.9x.new"}
    kept |= {f"file.{2**80}.new", "file.0.new"}
    for name in kept:
        (tmp_path / name).write_text("half")
    _age(tmp_path)
    clear(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == kept


def test_a_workspace_is_gone_when_the_block_ends(tmp_path: Path) -> None:
    with workspace(tmp_path / "data") as path:
        path.mkdir()
        (path / "spilt").write_text("half")
    assert list((tmp_path / "data").iterdir()) == []


def test_what_a_killed_process_was_replacing_is_put_back(tmp_path: Path, dead: int) -> None:
    """Killed after the old records were moved away and before the new ones came."""
    workspace = tmp_path / f"workspace.{dead}.new"
    (workspace / "records.old").mkdir(parents=True)
    (workspace / "records.old" / "kept").write_text("before")
    clear(tmp_path)
    assert (tmp_path / "records" / "kept").read_text() == "before"


def test_what_was_replaced_is_not_put_back_over_the_new(tmp_path: Path, dead: int) -> None:
    workspace = tmp_path / f"workspace.{dead}.new"
    (workspace / "records.old").mkdir(parents=True)
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "kept").write_text("after")
    clear(tmp_path)
    assert (tmp_path / "records" / "kept").read_text() == "after"


def test_tables_are_written_one_below_the_other(tmp_path: Path) -> None:
    tables = [pa.table({"id": [str(n)], "value": [float(n)]}) for n in range(3)]
    with table_writer(tmp_path / "file.parquet") as write:
        for table in tables:
            write(table)
    assert pq.read_table(tmp_path / "file.parquet").equals(pa.concat_tables(tables))
    assert [path.name for path in tmp_path.iterdir()] == ["file.parquet"]


def test_a_folder_is_locked_for_one_job_at_a_time(tmp_path: Path) -> None:
    data, other = tmp_path / "data", tmp_path / "other"
    refused = pytest.raises(QuerenciaError, match=f"Another job is reading into {data}")
    with locked(data), locked(other), refused:
        _lock(data)
    _lock(data)


def _lock(folder: Path, *, shared: bool = False) -> None:
    with locked(folder, shared=shared):
        pass


def test_a_lock_that_is_shared_keeps_out_those_who_want_it_alone(tmp_path: Path) -> None:
    with locked(tmp_path, shared=True):
        _lock(tmp_path, shared=True)
        with pytest.raises(QuerenciaError, match="Another job"):
            _lock(tmp_path)
    with locked(tmp_path), pytest.raises(QuerenciaError, match="Another job"):
        _lock(tmp_path, shared=True)
    _lock(tmp_path)


def test_a_lock_holds_across_processes_and_goes_with_the_one_that_has_it(tmp_path: Path) -> None:
    waits = (
        "import sys; from pathlib import Path; from features.files import locked\n"
        "with locked(Path(sys.argv[1])): print('locked', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", waits, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as job:
        assert job.stdout
        assert job.stdout.readline() == b"locked\n"
        with pytest.raises(QuerenciaError, match="Another job"):
            _lock(tmp_path)
        job.kill()
    _lock(tmp_path)


def test_many_may_append_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "lines"

    def append(number: int) -> None:
        for _ in range(20):
            append_line(path, f"{number}" * 500)

    writers = [threading.Thread(target=append, args=[number]) for number in range(5)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    assert sorted(path.read_text().splitlines()) == sorted(
        f"{i}" * 500 for i in range(5) for _ in range(20)
    )
