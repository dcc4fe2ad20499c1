"""The tables of the report, one function each."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup, escape

from features import snapshot
from features.indicators.figures import Figure
from features.indicators.trends import Trend
from features.journey import Touchpoint
from features.offers import CONTROL
from features.stages import STAGES
from features.summary import Held
from features.voice import ThemeVoice
from serving import figures, words, written
from serving.past import Past
from serving.report import charts
from serving.report.life import Life
from serving.report.moves import Indicators, Move
from serving.report.risk import Group, Risk
from serving.report.trust import Trust
from serving.report.writer import Table, Writer
from serving.written import UNKNOWN
from training.staying import AtAge

TOP = 10
"""Customers shown of each list."""

_OF_RISK = ("auc_score", "log_loss", "calibration_loss", "top_decile_lift_score", "profit_score")

MARKS = {"better": "▲", "worse": "▼"}
"""Of moves beyond chance, so that they are told apart in grey."""


def indicators(w: Writer, found: Indicators) -> Table:
    """Each indicator now and before, what it split into, its target, and what goes with it."""
    has_targets = any(move.now.target is not None for move in found.moves)
    return w.table(
        (
            "indicator",
            "now",
            "before",
            "difference",
            *(("target",) if has_targets else ()),
            "point",
        ),
        (
            (
                w.told(move.now.indicator.title),
                w.cell(move.now.figure, move.now.indicator.unit),
                w.cell(move.before.figure, move.now.indicator.unit) if move.before else UNKNOWN,
                _moved(w, move) + _split(w, move),
                *((_target(w, move, found.customers),) if has_targets else ()),
                _worth(w, move),
            )
            for move in found.moves
        ),
    )


def _moved(w: Writer, move: Move) -> Markup:
    unit = move.now.indicator.unit
    if math.isnan(move.difference.value):
        return escape(UNKNOWN)
    told = w.value(move.difference.value, unit, signed=True)
    ends = w.interval(move.difference, unit, signed=True)
    if not move.is_sure:
        return w.beside(told, ends)
    kind = direction(move)
    return Markup('<b class="{}">{} {}</b> <small>{} · {}</small>').format(
        kind, MARKS[kind], told, w.say(kind), ends
    )


def direction(move: Move) -> str:
    """Whether the way an indicator moved is the better one."""
    return "better" if move.is_better else "worse"


def _split(w: Writer, move: Move) -> Markup:
    if move.change is None or move.before is None:
        return Markup("")
    unit = move.now.indicator.unit
    parts = (
        f"{w.say(name)} {written.value(part, unit, w.settings.language, signed=True)}"
        for name, part in (("mix", move.change.mix), ("rate", move.change.rate))
    )
    return Markup("<small>{}</small>").format(", ".join(parts))


def _target(w: Writer, move: Move, customers: int) -> Markup:
    target, gap, unit = move.now.target, move.now.gap, move.now.indicator.unit
    if target is None or gap is None:
        return Markup("")
    if gap <= 0:
        return w.beside(w.value(target, unit), w.say("reached"))
    told = w.beside(w.value(target, unit), w.say("to_target", gap=w.value(gap, unit)))
    money = move.money(gap * move.now.indicator.direction, customers)
    if money is None:
        return told
    ends = w.interval(money, "currency", signed=True)
    return told + w.beside("", w.money(money.value, signed=True), ends)


def _worth(w: Writer, move: Move) -> Markup:
    """What a point, of a hundred for a share, goes with per customer."""
    unit = 0.01 if move.now.indicator.unit == "share" else 1.0
    money = move.money(unit, 1)
    return w.cell(money, "currency", signed=True) if money else escape(UNKNOWN)


def definitions(w: Writer, found: Indicators) -> Table:
    """What each indicator says, by version."""
    every = (move.now.indicator for move in found.moves)
    return w.table(
        ("indicator", "definition", "version"),
        ((w.told(each.title), w.told(each.definition), each.version) for each in every),
        words=3,
    )


def topics(w: Writer, found: Sequence[Trend]) -> Table:
    """Tickets by topic."""
    return w.table(
        ("topic", "now", "before", "ratio", "changed"),
        (
            (
                each.name,
                w.count(each.now),
                w.count(each.before),
                w.cell(each.ratio, "ratio", n=False),
                w.say("yes" if each.changed else "no"),
            )
            for each in found
        ),
    )


def stages(w: Writer, life: Life, risk: Risk | None) -> Table:
    """How many are in each stage, and what they are worth."""
    groups = {group.name: group for group in risk.stages} if risk else {}
    more = ("risk", "value_each", "loss_expected") if groups else ()
    return w.table(
        ("stage", "count_now", "count_before", *more),
        (
            (
                w.told(stage),
                w.count(life.now[stage]),
                w.count(life.before[stage]),
                *(_money_of(w, groups.get(stage)) if groups else ()),
            )
            for stage in STAGES[1:]
        ),
    )


def _money_of(w: Writer, group: Group | None) -> tuple[str, str, str]:
    if group is None:
        return (UNKNOWN,) * 3
    return (
        _risk(w, group),
        w.cell(group.value, "currency", n=False),
        w.cell(group.loss, "currency"),
    )


def _risk(w: Writer, group: Group) -> str:
    ends = (end / group.customers for end in group.leaving[1:])
    return w.cell(Figure(group.customers, *ends), "share", n=False)


def transitions(w: Writer, life: Life) -> Table:
    """The share of each stage that went to each."""
    return w.table(
        ("from_to", *(escape(w.told(stage)) for stage in STAGES[1:])),
        (
            (
                w.beside(w.told(early), f"n {w.count(life.moved[early, STAGES[1]].n)}"),
                *(_shaded(w, life.moved[early, late]) for late in STAGES[1:]),
            )
            for early in life.starts
        ),
    )


def _shaded(w: Writer, share: Figure) -> Markup:
    return charts.track(share.value) + w.cell(share, "share", n=False)


def steps(w: Writer, life: Life) -> Table:
    """Chance and time of the next stage."""
    return w.table(
        ("step", escape(w.say("chance", days=w.settings.features.horizon_days)), "median_days"),
        (
            (
                f"{w.told(step.stage)} → {w.told(step.following)}",
                w.cell(step.chance, "share"),
                w.say("not_half") if math.isnan(step.median_days) else w.count(step.median_days),
            )
            for step in life.steps
        ),
    )


def journey_map(w: Writer, found: Sequence[Touchpoint]) -> Table:
    """Phases by channels: how often, how content, and whether it is a moment of truth."""
    places = {(each.phase, each.channel): each for each in found}
    volume = pd.DataFrame([(each.phase, each.channel or "", each.touches) for each in found])
    phases, channels = (
        volume.groupby(column)[2].sum().sort_values(ascending=False, kind="stable").index
        for column in (0, 1)
    )
    return w.table(
        ("phase", *(escape(channel or w.say("unknown")) for channel in channels)),
        (
            (w.told(phase), *(_place(w, places.get((phase, name or None))) for name in channels))
            for phase in phases
        ),
    )


def _place(w: Writer, point: Touchpoint | None) -> str:
    if point is None:
        return ""
    satisfaction = point.satisfaction.value
    content = "" if math.isnan(satisfaction) else f"{w.say('satisfaction')} {satisfaction:.0f}"
    star = Markup('<b class="star">★</b> ') if point.is_moment else Markup("")
    return star + w.beside(w.say("times", count=w.count(point.touches)), content)


def place(w: Writer, point: Touchpoint) -> str:
    """What a touchpoint is called."""
    return f"{w.told(point.phase)} · {point.channel or w.say('unknown')}"


def touchpoints(w: Writer, found: Iterable[Touchpoint]) -> Table:
    """All that is known of each touchpoint."""
    return w.table(
        (
            *("touchpoint", "customers", "satisfaction", "effort", "drop_off", "churn_more"),
            "money_with",
        ),
        (
            (
                place(w, each),
                w.beside(w.count(each.customers), w.say("times", count=w.count(each.touches))),
                w.cell(each.satisfaction, "scale"),
                w.cell(each.effort, "scale"),
                w.cell(each.drop_off, "share"),
                w.gap(each.churn),
                w.beside(
                    w.money(each.money, signed=True),
                    w.say("spend_more", spend=w.money(each.spend.value, signed=True)),
                    w.interval(each.spend, "currency", signed=True),
                ),
            )
            for each in found
        ),
    )


def themes(w: Writer, found: Iterable[ThemeVoice]) -> Table:
    """How much is made of each theme, and how much it matters."""
    return w.table(
        ("theme", "stated", "theme_churn", "theme_spend", "detractors"),
        (
            (
                ", ".join(each.words),
                w.cell(each.stated, "share", n=False),
                w.gap(each.churn),
                w.cell(each.spend, "currency", signed=True, n=False),
                _detractors(w, each.detractors),
            )
            for each in found
        ),
    )


def _detractors(w: Writer, trend: Trend | None) -> str:
    if trend is None:
        return UNKNOWN
    told = w.say("of_before", now=w.count(trend.now), before=w.count(trend.before))
    return w.beside(told, w.say("changed") if trend.changed else "")


def asked(w: Writer, found: Trust) -> Table:
    """What customers say matters, and what they do."""
    return w.table(
        ("indicator", "said", "done"),
        (
            (meaning(w, name), *(_association(w, row, part) for part in ("stated", "revealed")))
            for name, row in found.asked.items()
        ),
    )


def meaning(w: Writer, feature: str) -> str:
    """What a feature means, in words."""
    meanings = {each.name: each.meaning for family in snapshot.FAMILIES for each in family.features}
    return w.told(meanings.get(feature, feature))


def _association(w: Writer, row: Mapping[str, float], part: str) -> Markup:
    n = int(row[f"{part}_customers"])
    if part not in row:
        return w.beside(w.say("too_few"), f"n {w.count(n)}")
    ends = (row[name] for name in (part, f"{part}_low", f"{part}_high"))
    return w.cell(Figure(n, *ends), "ratio", signed=True)


def scores(w: Writer, rows: pd.DataFrame) -> Table:
    """The first of some customers, why they are at risk and what is lost with them."""
    told = rows.head(TOP)
    reasons = words.reasons(told, w.settings.language)
    return w.table(
        ("who", "why", "risk", "value", "at_stake", "loss_expected"),
        (
            (
                w.id(row["customer_id"], place),
                reason,
                w.value(row["risk"], "share"),
                _value(w, row),
                w.money(row["value_at_stake"]),
                w.money(row["expected_loss"]),
            )
            for place, (row, reason) in enumerate(zip(_rows(told), reasons, strict=True), 1)
        ),
        words=2,
    )


def _rows(rows: pd.DataFrame) -> Iterator[Mapping[Any, Any]]:
    yield from rows.to_dict("records")


def _value(w: Writer, row: Mapping[Any, Any]) -> Markup:
    return w.cell(Figure(1, row["value"], row["value_low"], row["value_high"]), "currency", n=False)


def campaign(w: Writer, rows: pd.DataFrame) -> Table:
    """The first of a list that are to be contacted."""
    numbered = rows.assign(place=range(1, len(rows) + 1))
    told = numbered[numbered["arm"] != CONTROL].head(TOP)
    language = w.settings.language
    actions, reasons = words.actions(told, language), words.reasons(told, language)
    return w.table(
        (*("who", "why", "risk", "value", "at_stake", "cost", "brings", "next_purchase"),),
        (
            (
                w.beside(w.id(row["customer_id"], row["place"]), action),
                reason,
                w.beside(
                    w.value(row["risk"], "share"),
                    w.say("leaves", share=w.value(row["leaves"], "share")),
                ),
                _value(w, row),
                *(w.money(row[name]) for name in ("value_at_stake", "cost")),
                w.beside(
                    w.money(row["expected_profit"]),
                    w.say("at_least", low=w.money(row["expected_profit_low"])),
                ),
                _next_purchase(w, row),
            )
            for row, action, reason in zip(_rows(told), actions, reasons, strict=True)
        ),
        words=2,
    )


def _next_purchase(w: Writer, row: Mapping[Any, Any]) -> str:
    ends = [row[f"next_purchase_{end}"] for end in ("at", "from", "by")]
    if pd.isna(ends[0]):
        return w.say("never")
    at, first, last = (UNKNOWN if pd.isna(end) else f"{w.day(end):%Y-%m-%d}" for end in ends)
    return w.beside(at, f"{first} … {last}")


def drivers(w: Writer, found: Risk) -> Table:
    """All customers by what raises their risk most."""
    total = found.everybody.loss.value
    return w.table(
        ("driver", "customers", "risk", "value_each", "loss_expected", "share_of_loss"),
        (
            (
                driver(w, group.name),
                w.count(group.customers),
                _risk(w, group),
                w.cell(group.value, "currency", n=False),
                w.cell(group.loss, "currency", n=False),
                charts.track(group.loss.value / total) + w.value(group.loss.value / total, "share"),
            )
            for group in found.drivers
        ),
    )


def driver(w: Writer, name: str) -> str:
    """What raises a risk, in words."""
    return w.say(f"driver_{name}")


def campaigns(w: Writer, found: Iterable[Past]) -> Table:
    """What each campaign promised, and what came of it."""
    return w.table(
        ("campaign_id", "sent_on", "contacted", "control", "promised", "realised", "verdict"),
        (_past(w, each) for each in found),
    )


def _past(w: Writer, past: Past) -> tuple[str, ...]:
    summary, outcome, sent = past.campaign.summary, past.outcome, past.campaign.sent_at
    when = f"{w.day(sent):%Y-%m-%d}" if sent else w.say("draft")
    if outcome is None:
        counts = (summary["contacts"], summary["control"])
        promised = w.beside(
            w.money(summary["expected_profit"]),
            w.say("at_least", low=w.money(summary["expected_profit_low"])),
        )
        rest = (promised, UNKNOWN, waiting(w, past))
    else:
        counts = (outcome.contacted, outcome.control)
        low = w.say("at_least", low=w.money(outcome.promised_low))
        realised = Figure(outcome.contacted, *vars(outcome.realised).values())
        rest = (
            w.beside(w.money(outcome.promised), low),
            w.cell(realised, "currency", n=False),
            words.say(outcome.verdict, w.settings.language),
        )
    return (past.campaign.id, when, *map(w.count, counts), *rest)


def waiting(w: Writer, past: Past) -> str:
    """Why nothing is known of a campaign yet."""
    if past.state == "closes" and past.closes:
        return w.say("known_on", day=w.day(past.closes))
    return w.say("draft" if past.state == "draft" else "nobody")


def measures(w: Writer, found: Trust) -> Table:
    """The model beside simple formulas."""
    language = w.settings.language
    return w.table(
        ("model", *(escape(figures.label(name, language, w.currency)) for name in _OF_RISK)),
        (
            (
                figures.model(model, language).removeprefix("- "),
                *(_measured(w, name, of[name]) for name in _OF_RISK),
            )
            for model, of in found.measures.items()
        ),
    )


def _measured(w: Writer, name: str, told: Mapping[str, float]) -> Markup:
    ends = {end: figures.figure(name, told[end], w.settings.language) for end in told}
    return w.beside(ends["value"], f"{ends['low']} … {ends['high']}")


def amounts(w: Writer, found: Trust) -> Table:
    """How good expected purchases and spend are."""
    columns = [name.removeprefix("served ") for name in found.amounts]
    names = figures.known(next(iter(found.amounts.values()))) if found.amounts else ()
    return w.table(
        ("indicator", *columns),
        (
            (
                figures.label(name, w.settings.language, w.currency),
                *(_measured(w, name, of[name]) for of in found.amounts.values()),
            )
            for name in names
        ),
    )


def reliability(w: Writer, found: Trust) -> Table:
    """Risk told and share that left, by tenth."""
    return w.table(
        ("tenth", "customers", "risk_told", "left"),
        (
            (
                tenth,
                w.count(row["size"]),
                w.value(row["predicted"], "share"),
                w.cell(
                    Figure(int(row["size"]), row["observed"], row["low"], row["high"]),
                    "share",
                    n=False,
                ),
            )
            for tenth, row in found.reliability.items()
        ),
    )


def adds(w: Writer, found: Trust) -> Table:
    """What each kind of record adds."""
    return w.table(
        ("family", "adds_auc", "adds_profit", "beyond_doubt"),
        (
            (
                w.told(name),
                _gain(w, row, "auc_score", "{:+.4f}"),
                _gain(w, row, "profit_score", "{:+.2f} " + w.currency),
                w.say("yes" if row["auc_score_low"] > 0 else "no"),
            )
            for name, row in found.families.items()
        ),
    )


def _gain(w: Writer, row: Mapping[str, float], name: str, form: str) -> Markup:
    value, low, high = (
        words.fill(form.replace("{:", "{value:"), w.settings.language, value=row[end])
        for end in (name, f"{name}_low", f"{name}_high")
    )
    return w.beside(value, f"{low} … {high}")


def ages(w: Writer, found: Iterable[AtAge]) -> Table:
    """What models of each age came to beside those trained anew."""
    return w.table(
        ("age_days", "models", "loss_more", "profit_more", "worse_sure"),
        (_aged(w, each) for each in found),
    )


def _aged(w: Writer, age: AtAge) -> tuple[str, ...]:
    loss, low, high, profit = (
        w.number(number, "{number:+.4f}")
        for number in (age.loss, age.loss_low, age.loss_high, age.profit)
    )
    return (
        w.count(age.age_days),
        w.count(age.cutoffs),
        w.beside(loss, f"{low} … {high}"),
        f"{profit} {w.currency}",
        w.say("yes" if age.is_worse else "no"),
    )


def held(w: Writer, found: Iterable[Held]) -> Table:
    """What each table of the records holds."""
    return w.table(
        ("table", "records", "customers", "first", "last"),
        (
            (
                each.table,
                w.count(each.rows),
                w.count(each.customers) if each.customers else UNKNOWN,
                f"{each.first or UNKNOWN}",
                f"{each.last or UNKNOWN}",
            )
            for each in found
        ),
    )
