"""The parameters of the simulated company."""

from dataclasses import dataclass
from typing import Self

OFFER_DAYS = 90
"""Days after the decision in which an offer changes the hazard of leaving."""

OFFERS = {"voucher": (1, 1), "call": (1, 0), "discount": (0, 1)}
"""What can be offered, and whether it helps the wronged and the price-minded.

The company's own campaigns know the voucher alone.
"""


@dataclass(frozen=True)
class Effects:
    """What makes the simulated customers buy, complain, answer and leave.

    Rates are per day, shares are probabilities, money is in the reporting currency. Grievances are
    points of being upset; a hazard is multiplied by `exp(experience_on_hazard * upset)`.
    """

    purchase_rate: float = 1 / 30
    """Mean of the gamma distribution of purchases per day."""
    purchase_rate_shape: float = 1.5
    """Its shape: the lower, the more unequal the customers."""
    regular_share: float = 0.35
    """Customers whose gaps are gamma with `regular_gap_shape`; the others' are exponential."""
    regular_gap_shape: float = 5.0
    """The higher, the more like clockwork the regular customers buy."""
    seasonality: float = 0.15
    """Amplitude of the yearly wave of purchases, which peaks in mid December."""
    spend: float = 45.0
    """Median over customers of their mean list price per purchase (lognormal, sigma .6)."""
    refund_share: float = 0.03
    """Purchases refunded in full, up to 20 days later."""
    late_recorded_share: float = 0.01
    """Purchases recorded up to three days after they happened."""

    late_share: float = 0.069
    """Deliveries that miss the promised day, were nobody to leave over it (then 6.4 %, as of
    15,000 Olist orders)."""
    days_late: float = 7.0
    """Median days a late delivery is late (Olist: 7.0; sigma of its logarithm .97)."""
    ticket_share: float = 0.08
    """Purchases on time that end in a ticket."""
    late_ticket_share: float = 0.45
    """Late purchases that end in a ticket."""
    silent_share: float = 0.35
    """Customers who seldom complain or, when upset, answer."""
    silent_ticket_ratio: float = 0.35
    """Tickets of silent customers, relative to the others'."""
    extra_contacts: float = 0.94
    """Mean contacts after the first per ticket (reassignments per ticket in the incident log)."""
    switch_share: float = 0.35
    """Extra contacts through another channel."""
    reopened_share: float = 0.011
    """Resolved tickets that are reopened (incident log: 1.1 %)."""
    unresolved_share: float = 0.06
    """Tickets never resolved (incident log: 6.2 % without a resolution)."""
    slow_hours: float = 72.0
    """A ticket still open after these hours is a grievance."""

    memory_days: float = 180.0
    """Days a grievance is remembered."""
    late_delivery: float = 1.3
    """Points for a broken promise, from the promised day on."""
    problem: float = 0.3
    """Points for a product, website, price or service problem that led to a ticket."""
    slow_ticket: float = 0.6
    """Points for a ticket that became slow."""
    reopened_ticket: float = 0.8
    """Points for a ticket that came back."""
    repeat_contact: float = 0.2
    """Points for each contact after the first about one ticket."""
    channel_switch: float = 0.2
    """Points on top when that contact went through another channel."""

    hazard: float = 0.0005
    """Hazard of leaving of a customer of average loyalty who is not upset."""
    loyalty_on_hazard: float = 0.6
    """Fall of the logarithm of the hazard per standard deviation of loyalty."""
    experience_on_hazard: float = 1.2
    """Rise of the logarithm of the hazard per point of being upset."""
    worst_upset: float = 2.5
    """Points beyond which the hazard rises no further."""

    offer_cost: float = 10.0
    """Spent at the decision on each customer who is made an offer."""
    contacted_share: float = 0.5
    """Eligible customers in each campaign, control included."""
    offer_on_all: float = 0.0
    """Change of the log hazard by an offer for everybody."""
    offer_on_wronged: float = -2.0
    """The same for a customer with a bad experience, times 1 - exp(-upset)."""
    offer_on_price_minded: float = -1.0
    """The same for a price-minded customer."""
    offer_on_driven_away: float = 0.8
    """The same for those whom an offer drives away; the two above don't touch them."""

    response_share: float = 0.35
    """Surveys answered by customers who are not upset."""
    silence: float = 1.5
    """Fall of the logarithm of that share per point, for silent customers."""

    @classmethod
    def memoryless(cls) -> Self:
        """No signal: one hazard for all, which no loyalty, experience or offer changes."""
        return cls(
            regular_share=0.0,
            loyalty_on_hazard=0.0,
            experience_on_hazard=0.0,
            offer_on_wronged=0.0,
            offer_on_price_minded=0.0,
            offer_on_driven_away=0.0,
        )

    @classmethod
    def useless_offer(cls) -> Self:
        """The default company with an offer that changes nothing."""
        return cls(offer_on_wronged=0.0, offer_on_price_minded=0.0, offer_on_driven_away=0.0)

    @classmethod
    def harmful_offer(cls) -> Self:
        """The default company with an offer that drives everybody away."""
        return cls(offer_on_all=0.9, offer_on_wronged=0.0, offer_on_price_minded=0.0)
