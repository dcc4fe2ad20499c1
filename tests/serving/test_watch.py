"""A new champion takes over while the service is asked, and no request is lost."""

import json
import shutil
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import httpx
import pytest

from querencia import jobs, server, shows
from serving.batch import ScoreFile
from serving.http import answers
from serving.settings import ServiceSettings, Settings
from serving.watch import Watch
from training.champion import CHAMPION

pytestmark = pytest.mark.timeout(900)

WARM_UP = answers.warm_up


@pytest.fixture(scope="module")
def promoted(trained: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A place of its own with two versions, the second without scores."""
    folder = tmp_path_factory.mktemp("promoted")
    shutil.copytree(trained.data, folder / "data")
    shutil.copytree(trained.store, folder / "mlruns")
    settings = trained.model_copy(
        update={
            "data": folder / "data",
            "store": folder / "mlruns",
            "service": ServiceSettings(poll_seconds=0.2),
            "training": trained.training.model_copy(update={"random_state": 5}),
        }
    )
    (folder / "querencia.toml").write_text(shows.configuration(settings))
    jobs.train(settings, lambda _: None)
    settings.registry.set_alias(CHAMPION, 1)
    return settings


@pytest.fixture
def two_versions(promoted: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    monkeypatch.setenv("QUERENCIA_CONFIG", str(promoted.data.parent / "querencia.toml"))
    yield promoted
    promoted.registry.set_alias(CHAMPION, 1)


def scores_of(watch: Watch) -> bytes:
    return b"".join(watch.edition.lines[i] for i in range(20))


def test_a_new_champion_takes_over_with_scores_of_its_own(two_versions: Settings) -> None:
    told: list[str] = []
    watch = Watch(two_versions, warm_up=WARM_UP, told=told.append)
    first = scores_of(watch)
    assert watch.edition.number == 1

    two_versions.registry.set_alias(CHAMPION, 2)
    watch.look()
    assert (watch.edition.number, told) == (2, ["swapped"])
    assert watch.edition.origin.model_version == "2"
    assert scores_of(watch) != first

    before = watch.edition
    watch.look()
    assert watch.edition is before

    two_versions.registry.set_alias(CHAMPION, 1)
    watch.look()
    assert watch.edition.number == 1
    assert scores_of(watch) == first


def test_a_look_that_was_begun_is_finished(two_versions: Settings) -> None:
    begun, finished = threading.Event(), threading.Event()

    def also() -> None:
        begun.set()
        time.sleep(0.2)
        finished.set()

    watch = Watch(two_versions)
    watch.start(also)
    assert begun.wait(10)
    watch.stop()
    assert finished.is_set()


def test_new_scores_of_the_same_version_take_over(two_versions: Settings) -> None:
    watch = Watch(two_versions)
    before = watch.edition
    file = ScoreFile(two_versions.data)
    scores = file.read()
    file.write(type(scores)(scores.rows.head(30), scores.provenance))
    try:
        watch.look()
        assert len(watch.edition.lines) == 30
        assert len(before.lines) > 30
    finally:
        file.write(scores)


def test_a_broken_version_is_refused_and_the_old_goes_on(
    two_versions: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []
    watch = Watch(two_versions, told=told.append)
    registry = two_versions.registry
    version = registry.version(2)
    assert version is not None
    trees = registry.fetch(version) / "trees.ubj"
    whole = trees.read_bytes()
    trees.write_bytes(whole[:-1] + b"?")
    registry.set_alias(CHAMPION, 2)
    try:
        watch.look()
        watch.look()
    finally:
        trees.write_bytes(whole)
    assert (watch.edition.number, told) == (1, ["refused"])
    assert "version 2 is refused, 1 goes on" in caplog.text
    assert "cannot be trusted" in caplog.text


class Broken:
    """An edition whose model fails."""

    number = 1

    @property
    def is_sound(self) -> bool:
        raise ValueError("no trees")


def test_only_a_champion_that_answers_its_example_is_ready(
    two_versions: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    watch = Watch(two_versions)
    assert watch.is_ready
    monkeypatch.setattr(watch, "edition", SimpleNamespace(is_sound=False))
    assert not watch.is_ready
    monkeypatch.setattr(watch, "edition", Broken())
    assert not watch.is_ready
    assert "no trees" in caplog.text


def test_no_request_is_lost_while_champions_come_and_go(two_versions: Settings) -> None:
    """Each answer is that of exactly one version, whatever is promoted meanwhile."""
    configured = str(two_versions.data.parent / "querencia.toml")
    asked = ScoreFile(two_versions.data).read().rows["customer_id"].head(5).tolist()
    history = [{"occurred_at": "1997-03-01T00:00:00Z", "amount": 20}]
    body = {
        "customer_ids": asked,
        "histories": [{"customer_id": "posted", "transactions": history}],
    }
    with server.running(patience_seconds=600, QUERENCIA_CONFIG=configured) as service:
        url = f"http://{service.host}:{service.port}"
        told: list[tuple[int, str, str]] = []
        done = threading.Event()

        def ask() -> None:
            with httpx.Client(base_url=url, timeout=60) as client:
                while not done.is_set():
                    answer = client.post("/score", json=body)
                    read = answer.json()
                    version = read["provenance"]["model_version"]
                    told.append((answer.status_code, version, json.dumps(read["customers"])))
                    time.sleep(0.01)  # or there is no core left to score on

        askers = [threading.Thread(target=ask) for _ in range(2)]
        for asker in askers:
            asker.start()
        try:
            for number in (2, 1, 2, 1, 2):
                two_versions.registry.set_alias(CHAMPION, number)
                _until_it_answers(url, number)
        finally:
            done.set()
            for asker in askers:
                asker.join()
    assert {status for status, _, _ in told} == {200}
    assert {version for _, version, _ in told} == {"1", "2"}
    by_version = {(version, customers) for _, version, customers in told}
    assert len(by_version) == 2
    assert len({customers for _, customers in by_version}) == 2


def _until_it_answers(url: str, number: int) -> None:
    deadline = time.monotonic() + 300
    while httpx.get(f"{url}/model", timeout=60).json()["version"] != str(number):
        assert time.monotonic() < deadline
        time.sleep(0.05)
