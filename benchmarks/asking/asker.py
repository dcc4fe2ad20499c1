"""A service over CDNOW's customers, and a client that costs little."""

import asyncio
import json
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple

from features import cdnow
from features.settings import FeatureSettings
from querencia import jobs, shows
from serving.settings import Settings
from training.champion import CHAMPION
from training.settings import TrainingSettings


def trained(folder: Path, *, every: int) -> Settings:
    """A folder with two versions over every so many of CDNOW's customers; the first one serves."""
    rows = cdnow.transactions()
    rows = rows[rows["customer_id"].astype(int) % every == 0]
    source = folder / "transactions.parquet"
    rows.to_parquet(source)
    settings = Settings.model_construct(
        data=folder / "data",
        store=folder / "mlruns",
        features=FeatureSettings(currency=cdnow.CURRENCY, cutoffs=3),
        training=TrainingSettings(),
    )
    (folder / "q.toml").write_text(shows.configuration(settings))
    jobs.check(settings, {"transactions": source}, lambda _: None)
    jobs.train(settings, lambda _: None)
    jobs.score(settings, lambda _: None)
    other = settings.training.model_copy(update={"random_state": 5})
    jobs.train(settings.model_copy(update={"training": other}), lambda _: None)
    settings.registry.set_alias(CHAMPION, 1)
    return settings


def history() -> dict[str, Any]:
    """Thirty purchases, as they are posted."""
    days = range(1, 31)
    bought = [
        {"occurred_at": f"1997-{1 + d // 28:02}-{1 + d % 28:02}T10:00:00Z", "amount": 20 + d}
        for d in days
    ]
    return {"customer_id": "posted", "transactions": bought}


class Asker(NamedTuple):
    """Where to post."""

    host: str
    port: int
    path: str

    def request(self, body: Any) -> bytes:
        """A request with this body, as it goes over the wire."""
        return self.content(json.dumps(body).encode())

    def content(self, content: bytes) -> bytes:
        """A request with this body, encoded already."""
        head = (
            f"POST {self.path} HTTP/1.1\r\nhost: {self.host}:{self.port}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n"
        )
        return head.encode() + content


async def client(ask: Asker, request: bytes, count: int) -> list[float]:
    """Ask so many times over one connection; how long each took in seconds."""
    reader, writer = await asyncio.open_connection(ask.host, ask.port, limit=1 << 24)
    took = []
    for _ in range(count):
        began = time.perf_counter()
        writer.write(request)
        await answer(reader)
        took.append(time.perf_counter() - began)
    writer.close()
    return took


async def answer(reader: asyncio.StreamReader) -> bytes:
    """The body of the next answer; RuntimeError where it is a refusal."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if not head.startswith(b"http/1.1 200"):
        raise RuntimeError(head.decode())
    size = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
    return await reader.readexactly(size)


def version(ask: Asker) -> int:
    """The version that answers now."""
    connection = HTTPConnection(ask.host, ask.port, timeout=60)
    connection.request("GET", "/model")
    told = json.loads(connection.getresponse().read())
    connection.close()
    return int(told["version"])
