"""Alerts: to the log, the file and the webhook; never the address of the webhook."""

import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from features.findings import Finding
from querencia import alerts
from serving.settings import Settings
from serving.upkeep import WatchSettings

ERROR, WARNING = Finding("error", "too old", "a"), Finding("warning", "a day gone", "b")
ADVICE = Finding("advice", "fine", "c")


def settings(data: Path, webhook: str | None = None) -> Settings:
    watch = WatchSettings.model_validate({"webhook": webhook, "webhook_seconds": 5})
    return Settings.model_construct(data=data, watch=watch)


@pytest.fixture
def room() -> Iterator[tuple[str, list[bytes]]]:
    """A chat room on this machine: its address, and what was posted to it."""
    posted: list[bytes] = []

    class Room(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(500 if "broken" in self.path else 204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Room)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/secret-token", posted
    server.shutdown()
    server.server_close()


def test_errors_and_warnings_go_to_log_file_and_webhook(
    tmp_path: Path, room: tuple[str, list[bytes]], caplog: pytest.LogCaptureFixture
) -> None:
    address, posted = room
    alerts.send([ERROR, WARNING, ADVICE], settings(tmp_path, address), run="r1")
    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.WARNING]
    (told,) = map(json.loads, (tmp_path / "alerts.jsonl").read_text().splitlines())
    assert (told["run"], told["text"]) == ("r1", "too old\na day gone")
    assert [each["name"] for each in told["findings"]] == ["a", "b"]
    assert list(map(json.loads, posted)) == [told]


def test_good_news_is_no_alert(tmp_path: Path, room: tuple[str, list[bytes]]) -> None:
    alerts.send([ADVICE], settings(tmp_path, room[0]), run="r1")
    assert room[1] == []
    assert not (tmp_path / "alerts.jsonl").exists()


@pytest.mark.parametrize("where", ["broken", "nobody"])
def test_a_webhook_that_does_not_answer_is_told_without_its_address(
    tmp_path: Path, room: tuple[str, list[bytes]], caplog: pytest.LogCaptureFixture, where: str
) -> None:
    broken = f"{room[0]}/broken"
    address = broken if where == "broken" else "http://127.0.0.1:9/secret-token"
    alerts.send([ERROR], settings(tmp_path, address), run="r1")
    assert "the webhook did not take the alert" in caplog.text
    assert "secret" not in caplog.text
    assert (tmp_path / "alerts.jsonl").exists()


def test_a_full_disk_does_not_keep_the_webhook_from_being_told(
    tmp_path: Path, room: tuple[str, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(alerts, "append_line", full)
    alerts.send([ERROR], settings(tmp_path, room[0]), run="r1")
    assert len(room[1]) == 1


def test_the_address_is_a_secret_and_of_the_web() -> None:
    watch = WatchSettings.model_validate({"webhook": "https://example.org/token"})
    assert "token" not in f"{watch} {watch.model_dump_json()}"
    with pytest.raises(ValueError, match="neither https:// nor http://"):
        WatchSettings.model_validate({"webhook": "file:///etc/passwd"})
