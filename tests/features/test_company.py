"""The simulated company keeps its word: what `truth` says is what the tables show."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.company import OFFER_DAYS, OFFERS, Campaign, Company, Effects, simulate
from features.company.comments import THEMES
from features.errors import QuerenciaError

DAYS = 730
START = pd.Timestamp("2024-01-01", tz="UTC")
END = START + pd.Timedelta(days=DAYS)
HORIZON = pd.Timedelta(days=OFFER_DAYS)

TABLES = {
    "customers": {"customer_id", "acquired_at", "segment", "country"},
    "transactions": {
        *("transaction_id", "customer_id", "occurred_at", "amount", "margin", "discount"),
        *("channel", "category", "promised_at", "delivered_at", "recorded_at"),
    },
    "surveys": {
        *("survey_id", "customer_id", "kind", "asked_at", "answered_at", "score", "scale_min"),
        *("scale_max", "comment", "language", "touchpoint", "channel"),
    },
    "tickets": {
        *("ticket_id", "customer_id", "opened_at", "first_response_at", "resolved_at"),
        *("reopened_at", "topic", "channel", "is_complaint", "handling_minutes"),
    },
    "contacts": {
        *("contact_id", "customer_id", "occurred_at", "channel", "phase", "touchpoint"),
        *("ticket_id", "agent"),
    },
    "referrals": {"referral_id", "customer_id", "occurred_at", "referred_customer_id"},
    "offers": {
        *("offer_id", "customer_id", "campaign_id", "decided_at", "arm", "cost", "propensity"),
        "redeemed_at",
    },
}


@pytest.fixture(scope="module")
def company() -> Company:
    return simulate(5_000, days=DAYS)


@pytest.fixture(scope="module")
def memoryless() -> Company:
    return simulate(5_000, days=DAYS, effects=Effects.memoryless())


def purchases_of(company: Company) -> pd.DataFrame:
    transactions = company.tables["transactions"]
    return transactions[transactions["amount"] > 0]


def delivered(company: Company) -> pd.DataFrame:
    rows = purchases_of(company).dropna(subset=["promised_at", "delivered_at"])
    return rows.assign(is_late=rows["delivered_at"] > rows["promised_at"])


def exposure(company: Company) -> pd.Series:
    """Days each customer was with the company in the window."""
    left_at = company.truth["left_at"].fillna(END)
    return (left_at - company.tables["customers"]["acquired_at"]).dt.total_seconds() / 86_400


def difference_z(treated: pd.Series, control: pd.Series) -> float:
    """Standard score of the difference of two proportions or means."""
    error = np.sqrt(treated.var() / len(treated) + control.var() / len(control))
    return float((treated.mean() - control.mean()) / error)


def outcomes(company: Company) -> pd.DataFrame:
    """Offers to customers still there, whose effect ended in the window, and whether they left."""
    offers = company.tables["offers"].merge(company.truth, on="customer_id")
    known = offers[offers["decided_at"] + HORIZON <= END]
    here = known[~(known["left_at"] <= known["decided_at"])]
    is_offered = here["arm"] != "control"
    return here.assign(is_offered=is_offered, left=here["left_at"] <= here["decided_at"] + HORIZON)


def offer_z(company: Company) -> float:
    """Standard score of leaving with the offer minus leaving without."""
    rows = outcomes(company)
    return difference_z(rows.loc[rows["is_offered"], "left"], rows.loc[~rows["is_offered"], "left"])


def landmark(company: Company, day: int) -> pd.DataFrame:
    """Customers there on a day: what they lived through in 90 days, and if they left in 90 more.

    `left` is the excess over customers with the same number of deliveries.
    """
    now = START + pd.Timedelta(days=day)
    purchases = purchases_of(company)
    promised_at = purchases["promised_at"]
    due = purchases[(promised_at < now) & (promised_at >= now - HORIZON)]
    due = due.assign(is_late=~(due["delivered_at"] <= due["promised_at"]))
    lived = due.groupby("customer_id")["is_late"].agg(["size", "any"])
    rows = lived.join(company.truth.set_index("customer_id")["left_at"])
    rows = rows[~(rows["left_at"] <= now)]
    left = (rows["left_at"] <= now + HORIZON).astype(float)
    return rows.assign(left=left - left.groupby(rows["size"].clip(upper=6)).transform("mean"))


def test_equal_arguments_give_equal_companies() -> None:
    one, same, other = (simulate(300, days=200, random_state=seed) for seed in (7, 7, 8))
    for name in TABLES:
        pd.testing.assert_frame_equal(one.tables[name], same.tables[name])
    pd.testing.assert_frame_equal(one.truth, same.truth)
    assert not one.tables["transactions"].equals(other.tables["transactions"])


def test_tables_have_the_columns_of_the_input_contracts(company: Company) -> None:
    assert {name: set(table.columns) for name, table in company.tables.items()} == TABLES


@pytest.mark.parametrize("days", [730, 30])
def test_times_are_instants_ids_are_text_and_numbers_are_floats(days: int) -> None:
    tables = simulate(50, days=days).tables
    for name, table in tables.items():
        for column in map(str, table):
            dtype = table[column].dtype
            if column.endswith("_at"):
                assert dtype == "datetime64[us, UTC]", (name, column)
            elif column in ("customer_id", f"{name[:-1]}_id"):
                assert pd.api.types.is_string_dtype(dtype), (name, column)
            elif column in ("amount", "margin", "discount", "score", "cost", "propensity"):
                assert dtype == np.float64, (name, column)


def test_money_is_in_whole_cents(company: Company) -> None:
    money = company.tables["transactions"][["amount", "margin", "discount"]].to_numpy()
    np.testing.assert_allclose(money * 100, np.round(money * 100), atol=1e-6)


@pytest.mark.parametrize("name", list(TABLES))
def test_ids_are_unique_and_customers_exist(company: Company, name: str) -> None:
    table = company.tables[name]
    assert table[f"{name[:-1]}_id"].is_unique
    assert table["customer_id"].isin(company.tables["customers"]["customer_id"]).all()


def test_truth_has_one_row_per_customer_in_order(company: Company) -> None:
    assert (
        company.truth["customer_id"].tolist() == company.tables["customers"]["customer_id"].tolist()
    )
    assert company.truth.drop(columns="left_at").notna().all(axis=None)


@pytest.mark.parametrize("name", list(TABLES))
def test_nothing_happens_before_acquisition_or_after_the_window(
    company: Company, name: str
) -> None:
    table = company.tables[name]
    # A promise may lie beyond the window: it was known when it was made.
    times = table.drop(columns="promised_at", errors="ignore").filter(like="_at")
    acquired = company.tables["customers"].set_index("customer_id")["acquired_at"]
    since = table["customer_id"].map(acquired)
    for column in times:
        known = times[column].notna()
        assert (times[column] < END)[known].all(), column
        assert (times[column] >= since)[known].all(), column


def test_tables_are_sorted_by_time(company: Company) -> None:
    for table in company.tables.values():
        assert table.filter(like="_at").iloc[:, 0].is_monotonic_increasing


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("transactions", "occurred_at", "delivered_at"),
        ("transactions", "occurred_at", "recorded_at"),
        ("surveys", "asked_at", "answered_at"),
        ("tickets", "opened_at", "first_response_at"),
        ("tickets", "first_response_at", "resolved_at"),
        ("tickets", "resolved_at", "reopened_at"),
        ("offers", "decided_at", "redeemed_at"),
    ],
)
def test_outcomes_follow_their_causes(company: Company, name: str, before: str, after: str) -> None:
    known = company.tables[name].dropna(subset=after)
    assert len(known) > 0
    assert (known[before] <= known[after]).all()


def test_no_purchase_follows_the_leaving(company: Company) -> None:
    purchases = purchases_of(company).merge(company.truth, on="customer_id")
    gone = purchases.dropna(subset="left_at")
    assert len(gone) > 1_000
    assert (gone["occurred_at"] <= gone["left_at"]).all()


def test_what_an_outcome_tells_is_known_only_with_it(company: Company) -> None:
    tickets, surveys = company.tables["tickets"], company.tables["surveys"]
    assert (tickets["handling_minutes"].notna() == tickets["resolved_at"].notna()).all()
    assert tickets["resolved_at"].isna().any()
    assert (surveys["score"].notna() == surveys["answered_at"].notna()).all()
    assert surveys.loc[surveys["comment"].notna(), "answered_at"].notna().all()
    scored = surveys.dropna(subset="score")
    assert scored["score"].between(scored["scale_min"], scored["scale_max"]).all()


def test_a_ticket_has_contacts_while_it_is_open(company: Company) -> None:
    tickets = company.tables["tickets"]
    contacts = company.tables["contacts"].merge(tickets, on="ticket_id", suffixes=("", "_ticket"))
    assert set(contacts["ticket_id"]) == set(tickets["ticket_id"])
    assert (contacts["customer_id"] == contacts["customer_id_ticket"]).all()
    assert (contacts["occurred_at"] >= contacts["opened_at"]).all()
    assert not (contacts["occurred_at"] > contacts["resolved_at"]).any()
    assert contacts.groupby("ticket_id").size().mean() == pytest.approx(1.94, abs=0.1)


def test_refunds_are_a_few_and_take_back_a_purchase(company: Company) -> None:
    transactions = company.tables["transactions"]
    refunds = transactions[transactions["amount"] < 0]
    assert len(refunds) / len(transactions) == pytest.approx(0.03, abs=0.006)
    taken_back = refunds.assign(amount=-refunds["amount"])
    pairs = taken_back.merge(purchases_of(company), on=["customer_id", "amount"])
    assert (pairs["occurred_at_x"] > pairs["occurred_at_y"]).groupby(
        pairs["transaction_id_x"]
    ).any().sum() == len(refunds)


def test_few_deliveries_are_late(company: Company) -> None:
    assert delivered(company)["is_late"].mean() == pytest.approx(0.064, abs=0.006)


def test_reviews_are_those_of_olist_on_time_and_late(company: Company) -> None:
    rows = delivered(company)
    asked_at = (rows["delivered_at"] + pd.Timedelta(days=1)).rename("asked_at")
    reviews = company.tables["surveys"].query("kind == 'review'").dropna(subset="score")
    reviews = reviews.merge(rows.join(asked_at)[["customer_id", "asked_at", "is_late"]])
    score = reviews.groupby("is_late")["score"]
    # Those who stay are more loyal than all, so reviews are kinder by up to .1 than their source.
    error = score.sem()
    assert score.mean()[False] == pytest.approx(4.28, abs=0.1 + 4 * error[False])
    assert score.mean()[True] == pytest.approx(2.27, abs=0.1 + 4 * error[True])


def test_tickets_take_as_long_as_in_the_incident_log() -> None:
    tickets = simulate(8_000, effects=Effects(ticket_share=0.5)).tables["tickets"]
    year_ago = tickets[tickets["opened_at"] < END - pd.Timedelta(days=340)]
    hours = (year_ago["resolved_at"] - year_ago["opened_at"]).dt.total_seconds() / 3_600
    assert hours.median() == pytest.approx(22.1, abs=3)
    assert hours.mean() == pytest.approx(178, rel=0.2)
    assert year_ago["resolved_at"].isna().mean() == pytest.approx(0.06, abs=0.01)
    reopened = year_ago["reopened_at"].notna().sum() / year_ago["resolved_at"].notna().sum()
    assert reopened == pytest.approx(0.011, abs=0.004)


def test_regular_customers_buy_like_clockwork(company: Company) -> None:
    purchases = purchases_of(company)
    day = purchases["occurred_at"].astype("int64") / 86_400e6
    gaps = day.groupby(purchases["customer_id"]).diff().groupby(purchases["customer_id"])
    spread = (gaps.std() / gaps.mean())[gaps.count() >= 10]
    is_regular = company.truth.set_index("customer_id")["is_regular"].reindex(spread.index)
    assert spread[is_regular].mean() == pytest.approx(1 / np.sqrt(5), abs=0.06)
    assert spread[~is_regular].mean() == pytest.approx(1.0, abs=0.12)


def test_purchases_come_at_their_true_rate(memoryless: Company) -> None:
    expected = memoryless.truth["purchase_rate"] @ exposure(memoryless)
    repeats = len(purchases_of(memoryless)) - purchases_of(memoryless)["customer_id"].nunique()
    assert repeats == pytest.approx(expected, rel=0.03)


def test_spend_and_margin_per_purchase_are_as_the_truth_says(company: Company) -> None:
    transactions = company.tables["transactions"]
    expected = purchases_of(company).merge(company.truth, on="customer_id")
    for money in ("amount", "margin"):
        truth = expected["spend_per_purchase" if money == "amount" else "margin_per_purchase"]
        assert transactions[money].sum() == pytest.approx(truth.sum(), rel=0.02)


def test_customers_leave_at_their_true_hazard(memoryless: Company) -> None:
    expected = float(memoryless.truth["base_hazard"].to_numpy() @ exposure(memoryless))
    left = memoryless.truth["left_at"].notna().sum()
    assert left == pytest.approx(expected, abs=4 * expected**0.5)


def test_loyal_customers_leave_less(company: Company) -> None:
    left = company.truth["left_at"].notna()
    assert difference_z(company.truth["loyalty"][left], company.truth["loyalty"][~left]) < -5


def test_late_deliveries_make_customers_leave(company: Company) -> None:
    rows = pd.concat(landmark(company, day) for day in (200, 380, 560))
    late, on_time = (rows.loc[rows["any"] == is_late, "left"] for is_late in (True, False))
    assert late.mean() - on_time.mean() > 0.05
    assert difference_z(late, on_time) > 4


def test_in_a_memoryless_company_late_deliveries_do_not_matter(memoryless: Company) -> None:
    rows = pd.concat(landmark(memoryless, day) for day in (200, 380, 560))
    late, on_time = (rows.loc[rows["any"] == is_late, "left"] for is_late in (True, False))
    assert abs(difference_z(late, on_time)) < 3
    assert memoryless.truth["base_hazard"].nunique() == 1
    assert (memoryless.truth["last_hazard"] == memoryless.truth["base_hazard"]).all()
    assert (memoryless.truth["offer_effect"] == 0).all()


def score_z(company: Company, kind: str) -> float:
    """Standard score of the answers of those about to leave minus those of the others."""
    surveys = company.tables["surveys"]
    answers = surveys[(surveys["kind"] == kind) & (surveys["answered_at"] < END - HORIZON)]
    rows = answers.merge(company.truth, on="customer_id")
    rows = rows[~(rows["left_at"] <= rows["answered_at"])]
    leaves = rows["left_at"] <= rows["answered_at"] + HORIZON
    return difference_z(rows.loc[leaves, "score"], rows.loc[~leaves, "score"])


@pytest.mark.parametrize("kind", ["nps", "csat", "ces"])
def test_low_scores_announce_leaving_unless_there_is_no_signal(
    company: Company, memoryless: Company, kind: str
) -> None:
    assert score_z(company, kind) < -3
    assert abs(score_z(memoryless, kind)) < 3.5


def test_silent_customers_complain_less_about_the_same(company: Company) -> None:
    is_silent = company.truth.set_index("customer_id")["is_silent"]
    late = delivered(company).query("is_late")["customer_id"].map(is_silent)
    tickets = company.tables["tickets"].query("topic == 'delivery'")["customer_id"].map(is_silent)
    assert tickets.sum() / late.sum() < 0.6 * (~tickets).sum() / (~late).sum()


def test_arms_are_drawn_with_their_propensity(company: Company) -> None:
    offers = company.tables["offers"]
    is_offered = offers["arm"] == "voucher"
    chance = offers["propensity"].where(is_offered, 1 - offers["propensity"])
    for _, campaign in offers.groupby("campaign_id"):
        share = chance[campaign.index].iloc[0]
        error = np.sqrt(share * (1 - share) / len(campaign))
        assert chance[campaign.index].round(9).nunique() == 1
        assert is_offered[campaign.index].mean() == pytest.approx(share, abs=4 * error)
    assert (offers["cost"] == np.where(is_offered, Effects().offer_cost, 0.0)).all()


def test_a_voucher_is_redeemed_at_a_purchase_within_30_days(company: Company) -> None:
    redeemed = company.tables["offers"].dropna(subset="redeemed_at")
    assert len(redeemed) > 100
    assert (redeemed["arm"] == "voucher").all()
    assert (redeemed["redeemed_at"] - redeemed["decided_at"] <= pd.Timedelta(days=30)).all()
    purchases = purchases_of(company)[["customer_id", "occurred_at"]]
    seen = redeemed.rename(columns={"redeemed_at": "occurred_at"}).merge(purchases)
    # A purchase recorded after the window is not seen.
    assert len(seen) >= len(redeemed) - 3


def test_the_offer_saves_on_the_whole_and_drives_some_away(company: Company) -> None:
    assert offer_z(company) < -2.5
    driven_away = company.truth["is_driven_away"]
    assert (company.truth["offer_effect"][driven_away] > 0).all()
    assert (company.truth["offer_effect"][~driven_away] <= 0).all()


def test_the_driven_away_are_harmed_by_an_offer() -> None:
    rows = outcomes(simulate(15_000)).query("is_driven_away")
    z = difference_z(rows.loc[rows["is_offered"], "left"], rows.loc[~rows["is_offered"], "left"])
    assert z > 3


def test_a_useless_offer_changes_nothing_and_a_harmful_one_harms() -> None:
    useless = simulate(5_000, effects=Effects.useless_offer())
    harmful = simulate(5_000, effects=Effects.harmful_offer())
    assert abs(offer_z(useless)) < 3
    assert (useless.truth["offer_effect"] == 0).all()
    assert offer_z(harmful) > 4
    assert (harmful.truth["offer_effect"] > 0).all()


def test_the_effect_seen_is_the_effect_in_truth() -> None:
    effects = replace(Effects.memoryless(), hazard=0.002, offer_on_all=-1.0)
    company = simulate(5_000, effects=effects)
    rows = outcomes(company)
    with_offer, without = (rows.loc[rows["is_offered"] == made, "left"] for made in (True, False))
    error = np.sqrt(with_offer.var() / len(with_offer) + without.var() / len(without))
    truth = company.truth["offer_effect"].unique()
    assert truth == pytest.approx([np.exp(-0.18) - np.exp(-0.18 / np.e)])
    assert with_offer.mean() - without.mean() == pytest.approx(truth[0], abs=4 * error)


def test_companies_share_their_luck_until_the_first_offer() -> None:
    until, what = START + pd.Timedelta(days=120), ["customer_id", "occurred_at", "amount"]
    saving, useless = (
        purchases_of(simulate(2_000, effects=effects))[what]
        for effects in (Effects(), Effects.useless_offer())
    )
    before_saving, before_useless = (
        rows[rows["occurred_at"] < until].reset_index(drop=True) for rows in (saving, useless)
    )
    pd.testing.assert_frame_equal(before_saving, before_useless)
    assert len(saving) > len(useless)


def test_referred_customers_join_later_and_once(company: Company) -> None:
    referrals = company.tables["referrals"].dropna(subset="referred_customer_id")
    acquired = company.tables["customers"].set_index("customer_id")["acquired_at"]
    assert len(referrals) > 100
    assert referrals["referred_customer_id"].is_unique
    assert (referrals["referred_customer_id"].map(acquired) >= referrals["occurred_at"]).all()


def test_customers_who_refer_are_the_satisfied(company: Company) -> None:
    refers = company.truth["customer_id"].isin(company.tables["referrals"]["customer_id"])
    loyalty = company.truth["loyalty"]
    assert difference_z(loyalty[refers], loyalty[~refers]) > 5


def test_comments_are_in_both_languages_and_about_their_cause(company: Company) -> None:
    comments = company.tables["surveys"].dropna(subset="comment")
    assert comments["language"].value_counts().loc[["es", "en"]].min() > 200
    harsh = comments[(comments["kind"] == "review") & (comments["score"] == 1)]
    asked_at = (delivered(company)["delivered_at"] + pd.Timedelta(days=1)).rename("asked_at")
    rows = delivered(company).join(asked_at)[["customer_id", "asked_at", "is_late"]]
    harsh = harsh.merge(rows, on=["customer_id", "asked_at"])
    words = {
        "es": "pedido|entrega|repartidor|paquete",
        "en": "order arrived|elivery|courier|parcel",
    }
    for language, pattern in words.items():
        said = harsh[harsh["language"] == language]
        speaks_of_delivery = said["comment"].str.contains(pattern)
        assert (speaks_of_delivery == said["is_late"]).all()
        assert said["is_late"].nunique() == 2


def test_a_window_without_campaigns_or_tickets_still_has_all_tables() -> None:
    tables = simulate(3, days=5, effects=Effects(ticket_share=0.0, late_share=0.0)).tables
    assert {name: set(table.columns) for name, table in tables.items()} == TABLES
    assert len(tables["tickets"]) == len(tables["offers"]) == 0


def test_ticket_topics_are_themes(company: Company) -> None:
    assert set(company.tables["tickets"]["topic"]) == set(THEMES)


def everybody(company: Company, day: int, arm: str) -> Campaign:
    """One arm for all."""
    ids = company.truth["customer_id"].to_numpy(object)
    return Campaign(day, ids, np.full(len(ids), arm, object), np.ones(len(ids)))


def test_seen_earlier_it_is_the_same_company() -> None:
    """What is told of a day does not change later, but for outcomes that come in the meantime."""
    early, late = simulate(400, until=400), simulate(400)
    assert len(early.truth) == (late.tables["customers"]["acquired_at"] < at(400)).sum() < 400
    for name, rows in early.tables.items():
        times = [time for time in rows.filter(like="_at") if time != "promised_at"]
        assert len(rows)
        assert rows[times].max().max() < at(400)
        then = late.tables[name].set_index(rows.columns[0]).loc[rows.iloc[:, 0]].reset_index()
        for column in rows:
            known = rows[column].notna()
            pd.testing.assert_series_equal(rows.loc[known, column], then.loc[known, column])
    left = early.truth["left_at"].dropna()
    assert (left == late.truth["left_at"].loc[left.index]).all()


def at(day: int) -> pd.Timestamp:
    return START + pd.Timedelta(days=day)


def test_campaigns_are_those_given() -> None:
    asked = everybody(simulate(200, until=300), 300, "voucher")
    offers = simulate(200, campaigns=[asked]).tables["offers"]
    assert offers["customer_id"].tolist() == asked.customer_ids.tolist()
    assert (offers["decided_at"] == at(300)).all()
    assert offers["campaign_id"].unique().tolist() == ["campaign-0"]
    assert (offers["arm"] == "voucher").all()
    assert (offers["propensity"] == 1).all()
    assert simulate(200, campaigns=[]).tables["offers"].empty


def test_companies_with_other_campaigns_differ_only_by_what_offers_do() -> None:
    """Half the customers get a voucher: the other half have the same records to the last word."""
    nothing = simulate(1_000, campaigns=[])
    everyone = everybody(nothing, 365, "voucher")
    half = Campaign(365, everyone.customer_ids[::2], everyone.arm[::2], np.ones(500))
    saved = simulate(1_000, campaigns=[half])
    for name in TABLES.keys() - {"offers"}:
        one, other = (
            company.tables[name][~company.tables[name]["customer_id"].isin(half.customer_ids)]
            .drop(columns=[f"{name[:-1]}_id", "ticket_id"], errors="ignore")
            .reset_index(drop=True)
            for company in (nothing, saved)
        )
        pd.testing.assert_frame_equal(one, other)
    stay = pd.DataFrame({"without": nothing.truth["left_at"], "with": saved.truth["left_at"]})
    stay = stay.fillna(END)
    driven_away = saved.truth["is_driven_away"]
    assert (stay["with"] >= stay["without"])[~driven_away].all()
    assert (stay["with"] <= stay["without"])[driven_away].all()
    assert (stay["with"] > stay["without"]).sum() > 5


def test_an_offer_acts_for_90_days() -> None:
    effects = replace(Effects.memoryless(), offer_on_all=-99.0)
    asked = everybody(simulate(2_000), 300, "voucher")
    left = simulate(2_000, campaigns=[asked], effects=effects).truth["left_at"].dropna()
    assert not left.between(at(300), at(390)).any()
    assert left.between(at(390), at(480)).sum() > 20


def test_a_call_helps_the_wronged_and_a_discount_the_price_minded(company: Company) -> None:
    truth = company.truth[~company.truth["is_driven_away"]]
    wronged, price_minded = truth["upset"] > 0, truth["is_price_minded"]
    assert ((truth["call_effect"] < 0) == wronged).all()
    assert ((truth["discount_effect"] < 0) == price_minded).all()
    assert ((truth["offer_effect"] < 0) == (wronged | price_minded)).all()


@pytest.mark.parametrize(("day", "arm"), [(301, "voucher"), (300, "flowers")])
def test_an_impossible_campaign_is_refused(day: int, arm: str) -> None:
    asked = everybody(simulate(20, until=300), day, arm)
    with pytest.raises(QuerenciaError, match=f"day {day}.*{'.*'.join(OFFERS)}"):
        simulate(20, campaigns=[asked])
    stranger = Campaign(300, np.array(["cus-0000021"]), np.array(["call"]), np.ones(1))
    with pytest.raises(QuerenciaError, match="20 customers"):
        simulate(20, campaigns=[stranger])
