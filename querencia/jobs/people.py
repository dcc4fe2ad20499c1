"""Jobs about single customers and campaigns: forgetting, and what came of what was done."""

from features.errors import QuerenciaError
from features.forgotten import Forgotten, Proof
from features.probation import changing
from features.store import Store
from serving import forgetting, realised
from serving.campaigns import Campaigns
from serving.past import Past, look_back
from serving.score_history import ScoreHistory
from serving.settings import Settings
from training import series
from training.retrain import Say


def forget(settings: Settings, customer_id: str) -> Proof:
    """Forget a customer: nothing is answered from now on, and all that is kept is removed.

    Raises:
        QuerenciaError: where another job is at work; then it is noted, and the next job does it.
    """
    forgotten = Forgotten(settings.data)
    proof = forgotten.ask(customer_id)
    try:
        settle(settings)
    except QuerenciaError as busy:
        raise QuerenciaError(
            f"It is noted, and nothing is answered for this customer any more. {busy} The next job "
            "removes what is kept."
        ) from None
    return forgotten.find(customer_id) or proof


def settle(settings: Settings) -> None:
    """Remove what is kept of those who asked to be forgotten, if anybody did."""
    if Forgotten(settings.data).pending():
        with changing(settings.data):
            forgetting.settle(settings)


def campaigns(settings: Settings) -> list[Past]:
    """Every campaign, and what came of those whose horizon has closed."""
    store, every = Store(settings.data), Campaigns(settings.data).all()
    found = [look_back(campaign, store, settings.features) for campaign in every]
    for past in found:
        if past.outcome and past.closes:
            name = f"campaign {past.campaign.id}"
            series.note(settings.registry.store, name, past.figures(), closed=past.closes)
    return found


def judge(settings: Settings, say: Say) -> list[str]:
    """Judge every campaign and every batch of scores whose horizon has closed.

    What came of them is a series in MLflow. A batch is judged once; a campaign again whenever costs
    and late records may tell more.

    Returns:
        The names of the batches judged now.
    """
    campaigns(settings)
    store, tracking = settings.records, settings.registry.store
    judged = []
    for made in realised.closed(ScoreHistory(settings.data), store, settings.features):
        if series.find(tracking, made.name) is None:
            say(f"what came of {made.name}")
            if found := realised.judge(made, store, settings.features):
                series.note(tracking, made.name, found.figures(), closed=made.closes)
                judged.append(made.name)
    return judged
