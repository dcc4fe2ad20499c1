"""A simulated company whose truth is known: the demonstration, and the oracle of later tests.

Every customer buys as a renewal process until they leave for ever. The hazard of leaving depends
on their loyalty and on what happened to them: late deliveries, problems, slow or reopened tickets,
having to ask twice. Such grievances are remembered for `Effects.memory_days`; their sum is how
*upset* the customer is, and it shows in surveys and comments too. Campaigns with a randomised
control change the hazard for `OFFER_DAYS`: some customers are saved, some are driven away.

All else is drawn as if nobody left and then cut at the leaving, so two companies with one
`random_state` and different campaigns, or effects on leaving, share their customers' luck.
"""

from features.company.campaigns import STEP, Campaign
from features.company.effects import OFFER_DAYS, OFFERS, Effects
from features.company.simulation import Company, simulate

__all__ = [
    "OFFERS",
    "OFFER_DAYS",
    "STEP",
    "Campaign",
    "Company",
    "Effects",
    "simulate",
]
