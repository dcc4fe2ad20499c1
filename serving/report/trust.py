"""Trust: what is known of the model that made the scores, from its training."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from features.findings import Finding
from training.champion import Champion
from training.registry import Registry

EVIDENCE = "evidence.json"

Table = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Trust:
    """How the model that serves did on customers of a later period.

    Attributes:
        version: Its number.
        made_at: When it was registered.
        trained_as_of: What it learned from was known by then; it was judged on what came after.
        customers: On how many it was judged.
        grade: A, B or C beside the best formula; None if it was not graded.
        measures: Each measure of risk by model, with `value`, `low` and `high`.
        reliability: By tenth of the customers: `size`, `predicted`, `observed`, `low`, `high`.
        families: What each feature family adds: `auc_score` and `profit_score` with `_low`,
            `_high`.
        amounts: Measures of purchases and spend of the served model, with their intervals.
        asked: What customers say matters beside what shows in what they do, by measure; and
        said: what they were asked to say it.
        findings: All there is to say of it in words.
    """

    version: int
    made_at: datetime
    trained_as_of: datetime
    customers: int
    grade: str | None
    measures: Mapping[str, Table]
    reliability: Table
    families: Table
    amounts: Mapping[str, Table]
    asked: Table
    said: str
    findings: tuple[Finding, ...]


def trust(registry: Registry, champion: Champion) -> Trust | None:
    """The evidence of the champion's training; None where its run keeps none."""
    path = registry.logged(champion.version, EVIDENCE)
    if not path.is_file():
        return None
    told: dict[str, Any] = json.loads(path.read_text("utf-8"))
    importance = told["importance"] or {}
    return Trust(
        champion.version.number,
        champion.version.created_at,
        champion.trained_as_of,
        int(sum(row["size"] for row in told["reliability"].values())),
        told["grade"]["letter"] if told["grade"] else None,
        told["intervals"],
        told["reliability"],
        told["families"],
        {name: of for name, of in told["value_intervals"].items() if name.startswith("served ")},
        importance.get("measures", {}),
        importance.get("said", ""),
        tuple(_finding(each) for each in told["findings"]),
    )


def _finding(told: Mapping[str, Any]) -> Finding:
    """A finding out of JSON, which knows no tuples."""
    figures = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in told["figures"].items()
    }
    level, text, name = (told[each] for each in ("level", "text", "name"))
    return Finding(level=level, text=text, name=name, figures=figures)
