"""The report puts together what was read, what is held, what is missing, and the findings."""

from datetime import UTC, datetime

from features import usability
from features.settings import FeatureSettings
from features.store import Store

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def report(store: Store, **settings: object) -> usability.Report:
    definitions = FeatureSettings.model_validate(settings)
    return usability.report(usability.learn(store, definitions, now=NOW), now=NOW)


def test_a_company_with_everything_lacks_nothing(company_store: Store) -> None:
    found = report(company_store)
    assert found.usable
    assert found.findings == ()
    assert [missing.name for missing in found.missing_tables] == ["rates"]
    assert found.summary.purchases is not None
    assert found.summary.purchases.customers == 3_000
    assert 0.7 < found.summary.survey_coverage < 0.9


def test_a_company_of_purchases_alone_lacks_the_other_tables(cdnow_store: Store) -> None:
    found = report(cdnow_store)
    assert found.usable
    assert {finding.name for finding in found.findings} == {
        *("stale_transactions", "no_margin", "stepping_aside"),
    }
    assert "surveys" in {missing.name for missing in found.missing_tables}


def test_an_error_makes_records_unusable(cdnow_store: Store) -> None:
    assert not report(cdnow_store, horizon_days=400).usable


def test_contracts_are_known_where_customers_tell_them(company_store: Store) -> None:
    names = {finding.name for finding in report(company_store, churn="contract").findings}
    assert names == {"no_contracts"}
