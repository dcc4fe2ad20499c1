"""Alerts: what somebody should know of an unattended run, told to log, file and webhook."""

import json
import logging
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from http.client import HTTPException
from urllib.request import Request, urlopen

from features.files import append_line
from features.findings import Finding
from serving import words
from serving.settings import Settings

log = logging.getLogger("querencia.run")

_LEVELS = {"error": logging.ERROR, "warning": logging.WARNING, "advice": logging.INFO}


def send(findings: Sequence[Finding], settings: Settings, *, run: str) -> None:
    """Tell errors and warnings; who can't be told doesn't keep the others from it.

    The log is told advice as well. The file is `alerts.jsonl` in the data folder. The webhook is
    posted one JSON object a run: `text` for chat rooms, `findings` for programs.
    """
    told = [each for each in findings if each.level != "advice"]
    for finding in findings:
        text = words.finding(finding, settings.language)
        log.log(_LEVELS[finding.level], "run %s: %s", run, text)
    if not told:
        return
    alert = {
        "at": datetime.now(UTC).isoformat(),
        "run": run,
        "text": "\n".join(words.finding(each, settings.language) for each in told),
        "findings": [asdict(each) for each in told],
    }
    body = json.dumps(alert, ensure_ascii=False, default=str)
    try:
        append_line(settings.data / "alerts.jsonl", body)
    except OSError as error:
        log.error("the alert could not be written down: %s", error)
    _post(body.encode(), settings)


def _post(body: bytes, settings: Settings) -> None:
    webhook = settings.watch.webhook
    if webhook is None:
        return
    headers = {"Content-Type": "application/json", "User-Agent": "querencia"}
    request = Request(webhook.get_secret_value(), body, headers)  # noqa: S310 - settings allow http
    try:
        with urlopen(request, timeout=settings.watch.webhook_seconds):  # noqa: S310
            pass
    except (OSError, HTTPException, ValueError) as error:
        # Its address may be a secret, and some errors tell it.
        log.error("the webhook did not take the alert: %s", type(error).__name__)
