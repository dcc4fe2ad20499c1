"""A run: from records to report; one at a time, and taken up again where it was killed."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from features.errors import QuerenciaError
from features.files import append_line, aside, locked
from features.findings import Finding, tell
from features.spark import release
from querencia import alerts
from serving.settings import Settings
from training.candidate import Say

if TYPE_CHECKING:
    from features.cutoffs import Plan
    from features.findings import Facts, Findings

log = logging.getLogger("querencia.run")


MOST_TRIES = 3
"""So often a run is begun: one that is killed each time, as for want of memory, is given up."""

LEEWAY_DAYS = 1 / 24
"""What is due every so many days is due an hour before: runs don't begin on the minute."""

MOST_EVALUATED = 6
"""Cut-offs that an evaluation looks back on: each costs a training."""


class BusyError(QuerenciaError):
    """Another run is at work."""


class Came(NamedTuple):
    """What a step came to: its figures, what to know, and whether the run ends with it."""

    figures: Mapping[str, Any] = {}
    findings: tuple[Finding, ...] = ()
    stop: bool = False


class State(BaseModel):
    """How far a run is: `run.json` in the data folder, and once it ended a line of `runs.jsonl`."""

    model_config = ConfigDict(frozen=True)

    began: AwareDatetime = Field(description="when it began, UTC")
    done: dict[str, dict[str, Any]] = Field({}, description="the steps done, and what they came to")
    findings: tuple[Finding, ...] = Field((), description="what to know of them")
    ended: AwareDatetime | None = Field(None, description="when it ended; none while it goes on")
    tries: int = Field(1, description="how often it was begun or taken up")
    outcome: Literal["done", "stopped", "failed"] | None = Field(
        None, description="stopped: the records are not to be trusted"
    )

    @property
    def id(self) -> str:
        """Its name."""
        return f"{self.began:%Y-%m-%dT%H:%M:%SZ}"

    @property
    def days_ago(self) -> float:
        """Days since it began."""
        return (datetime.now(UTC) - self.began) / timedelta(days=1)

    def after(self, step: str, came: Came) -> "State":
        """How far it is when a step is done."""
        done = {**self.done, step: dict(came.figures)}
        return self.model_copy(update={"done": done, "findings": self.findings + came.findings})

    def end(self, outcome: Literal["done", "stopped", "failed"], *found: Finding) -> "State":
        """The state it ends in."""
        ended = {"ended": datetime.now(UTC), "outcome": outcome}
        return self.model_copy(update={**ended, "findings": self.findings + found})


def run(
    settings: Settings, say: Say, *, due: datetime | None = None, steps: "Steps | None" = None
) -> State | None:
    """Read, train, score, flag, judge, report and evaluate; tell what somebody should know.

    A run that was killed is taken up.

    Every step leaves what was there until its own is whole, so that champion, scores and list are
    always the last good ones. Where the records are not to be trusted the run stops: nothing is
    promoted, and scores and list stay.

    Args:
        settings: Everything.
        say: Told what is being done.
        due: The time that called for it; none is made where one began since.
        steps: What to do; left out: `STEPS`.

    Raises:
        BusyError: where another process is at it.
        QuerenciaError: where a step can't be done; it is written down and told first.
    """
    with _alone(settings):
        last = read(settings.data)
        if due is not None and last is not None and last.ended and _is_made(last, due):
            return None
        if last is not None and not last.ended and last.tries >= MOST_TRIES:
            last = _end(settings, last.end("failed", _given_up(last)))
            if due is not None:
                return last
        state = _taken_up(last, settings) or State(began=datetime.now(UTC))
        _write(settings.data, state)
        try:
            return _through(settings, state, steps or STEPS, say)
        finally:
            release()  # a schedule goes on, and others want the cluster


def _is_made(last: State, due: datetime) -> bool:
    """Whether that run came after the time that called for one, by a clock that was right."""
    return due <= last.began <= datetime.now(UTC)


def _through(settings: Settings, state: State, steps: "Steps", say: Say) -> State:
    stopped = False
    for name, step in steps.items():
        if name in state.done:
            continue
        try:
            came = step(settings, say)
            state = state.after(name, came)
            _write(settings.data, state)
        except Exception as error:
            _end(settings, state.end("failed", _failure(name, error)))
            raise
        if came.stop:
            stopped = True
            break
    return _end(settings, state.end("stopped" if stopped else "done"))


def _failure(step: str, error: Exception) -> Finding:
    why = str(error) if isinstance(error, QuerenciaError | OSError) else repr(error)
    return tell("error", "run_failed", "The step {step} failed: {why}", step=step, why=why)


def _given_up(state: State) -> Finding:
    return tell(
        "error",
        "given_up",
        "The run was killed {tries} times, the last time after {steps}. Is there enough memory?",
        tries=state.tries,
        steps=tuple(state.done) or ("nothing",),
    )


def _end(settings: Settings, state: State) -> State:
    alerts.send(state.findings, settings, run=state.id)
    try:
        append_line(settings.data / "runs.jsonl", state.model_dump_json())
        _write(settings.data, state)
    except OSError as error:  # a full disk has been told of; the run is taken up or made anew
        log.error("run %s could not be written down: %s", state.id, error)
    return state


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """One run at a time of all that share the store."""
    with ExitStack() as held:
        try:
            held.enter_context(locked(settings.store))
        except QuerenciaError:
            raise BusyError(f"Another run is at work on {settings.store}. It goes on.") from None
        yield


def read(data: Path) -> State | None:
    """How far the last run is; None where there was none, or what it wrote can't be read."""
    try:
        return State.model_validate_json((data / "run.json").read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError:
        log.warning("%s cannot be read, and is passed over", data / "run.json")
        return None


def ended(data: Path) -> list[State]:
    """The runs that ended, the oldest first; lines that were torn are passed over."""
    path = data / "runs.jsonl"
    lines = path.read_bytes().splitlines() if path.is_file() else []
    return list(_readable(lines))


def _readable(lines: Iterable[bytes]) -> Iterator[State]:
    for line in lines:
        with suppress(ValidationError):
            yield State.model_validate_json(line)


def _write(data: Path, state: State) -> None:
    with aside(data / "run.json") as new:
        new.write_text(state.model_dump_json(indent=1), "utf-8")


def _taken_up(last: State | None, settings: Settings) -> State | None:
    if last is None or last.ended:
        return None
    age = datetime.now(UTC) - last.began
    if not timedelta() <= age <= timedelta(hours=settings.schedule.resume_hours):
        return None
    killed = tell(
        "warning",
        "taken_up",
        "The run was killed after {steps}, and is taken up there.",
        steps=tuple(last.done) or ("nothing",),
    )
    return last.model_copy(update={"tries": last.tries + 1, "findings": (*last.findings, killed)})


# Steps


def _read(settings: Settings, say: Say) -> Came:
    """Bring the records up to date, and see whether they are to be trusted."""
    from querencia import jobs, trust

    how = settings.schedule.read
    if how == "nothing":
        facts = trust.facts(settings, ())
        found = trust.judged(settings, facts)
    else:
        trust.require_keys(settings)
        facts, found = jobs.update(settings, say, append=how == "append")
    found += tuple(_nothing_came(settings, facts))
    rows = {held.table: held.rows for held in facts.summary.tables}
    return Came({"rows": rows}, found, any(each.level == "error" for each in found))


def _nothing_came(settings: Settings, facts: "Facts") -> "Findings":
    """Tables that stand still since the last run that read."""
    from features import gates

    if state := _last(settings, "read"):
        yield from gates.nothing_came(facts, state.done["read"]["rows"], state.days_ago)


def _last(settings: Settings, step: str) -> State | None:
    """The last run that ended, of those in which this step did something."""
    return next((each for each in reversed(ended(settings.data)) if each.done.get(step)), None)


def _train(settings: Settings, say: Say) -> Came:
    from querencia import jobs, watching
    from training.promotion import DISTRUST

    why = watching.why_train(settings)
    if not why:
        return Came({"why": why})
    training = jobs.train(settings, say, by="run")
    promotion = training.promotion
    figures = {
        "why": why,
        "version": training.version.number,
        "promoted": promotion.promoted,
        "champion": training.version.number if promotion.promoted else promotion.champion,
    }
    stop = any(each.level == "error" and each.name in DISTRUST for each in promotion.findings)
    return Came(figures, promotion.findings, stop)


def _score(settings: Settings, say: Say) -> Came:
    """Score every customer; hold them against those of the training, and old scores against what
    came of them.
    """
    from querencia import jobs, watching

    scores, _ = jobs.score(settings, say)
    cutoff = scores.provenance.cutoff.isoformat()
    version = scores.provenance.model_version
    found = tuple(filter(None, (watching.drifted(settings), watching.came(settings))))
    seen = {each.name: each.figures for each in found}
    figures = {"customers": len(scores.rows), "cutoff": cutoff, "version": version, **seen}
    return Came(figures, found)


def _flag(settings: Settings, say: Say) -> Came:
    from querencia import jobs

    say("choosing whom to make which offer")
    campaign = jobs.flag(settings)
    return Came({"campaign": campaign.id, "listed": len(campaign.rows())})


def _judge(settings: Settings, say: Say) -> Came:
    """See what came of campaigns and scores whose horizon has closed."""
    from querencia import jobs

    return Came({"judged": jobs.judge(settings, say)})


def _report(settings: Settings, say: Say) -> Came:
    """Write what people look at, where the last of it is old enough."""
    from querencia import jobs

    path = settings.data / jobs.REPORT_PAGE
    if path.is_file() and _days_old(path) < settings.schedule.report_every_days - LEEWAY_DAYS:
        return Came()
    jobs.keep_report(settings, say)
    return Came({"page": path.name})


def _days_old(path: Path) -> float:
    written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return (datetime.now(UTC) - written) / timedelta(days=1)


def _evaluate(settings: Settings, say: Say) -> Came:
    """See what trainings at past cut-offs came to, and how models age, where that was long ago."""
    from querencia import jobs

    every, last = settings.schedule.evaluate_every_days, _last(settings, "evaluate")
    if not every or (last and last.days_ago < every - LEEWAY_DAYS):
        return Came()

    def track(plans: "Sequence[Plan]") -> "Iterator[Plan]":
        for plan in plans:
            say(f"a training as of {plan.evaluation:%Y-%m-%d}, judged afterwards")
            yield plan

    found = jobs.evaluate(settings, track, most=MOST_EVALUATED)
    figures = {"cutoffs": len(found.judged), "left_out": len(found.left_out)}
    return Came(figures, (found.advice,) if found.advice else ())


Steps = Mapping[str, Callable[[Settings, Say], Came]]

STEPS: Steps = {
    "read": _read,
    "train": _train,
    "score": _score,
    "flag": _flag,
    "judge": _judge,
    "report": _report,
    "evaluate": _evaluate,
}
"""What a run does, in this order."""
