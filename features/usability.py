"""Whether the records can carry each model: what they hold, what they lack, and the findings."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from features import coverage
from features.coverage import Carried, Missing
from features.findings import Facts, Finding, judge
from features.intake import Intake
from features.records import CONTRACTS
from features.settings import FeatureSettings
from features.store import Store
from features.summary import Summary, summarise


@dataclass(frozen=True)
class Report:
    """What the records are good for.

    Attributes:
        made_at: When it was made.
        settings: The definitions it was made under.
        intakes: What reading each table came to.
        summary: What the records hold.
        findings: What to know about them, the worst first.
        families: The feature families, as far as the records carry them.
        missing_columns: By table read, the columns it lacks and what they would add.
        missing_tables: The tables there are not, and what they would add.
    """

    made_at: datetime
    settings: FeatureSettings
    intakes: tuple[Intake, ...]
    summary: Summary
    findings: tuple[Finding, ...]
    families: tuple[Carried, ...]
    missing_columns: Mapping[str, tuple[Missing, ...]]
    missing_tables: tuple[Missing, ...]

    @property
    def usable(self) -> bool:
        """Whether models can be trained on the records."""
        return not any(finding.level == "error" for finding in self.findings)


def learn(
    store: Store,
    settings: FeatureSettings,
    *,
    now: datetime,
    intakes: tuple[Intake, ...] = (),
    left_out: tuple[str, ...] = (),
) -> Facts:
    """What findings on a store's records rest on."""
    ends = {"customers.contract_ends_at"} if store.has_contracts else set()
    summary = summarise(store, settings.time_zone, now=now)
    return Facts(summary, settings, store.has | ends, now.date(), intakes, left_out)


def report(facts: Facts, *, now: datetime) -> Report:
    """All there is to say on these facts."""
    held = {held.table for held in facts.summary.tables}
    return Report(
        now,
        facts.settings,
        facts.intakes,
        facts.summary,
        tuple(judge(facts)),
        coverage.families(facts.has),
        {
            intake.table: coverage.missing_columns(
                CONTRACTS[intake.table], {*intake.columns}, facts.has
            )
            for intake in facts.intakes
        },
        coverage.missing_tables(held, facts.has),
    )
