"""State sequences: journeys month by month, how far apart they are, and the types they fall into.

Sequences are counted first: a hundred thousand children may have a few thousand distinct journeys, and
everything here works on those, with the number of children as weights. Sources of the methods: Abbott and
Forrest (1986), Journal of Interdisciplinary History 16(3); Gabadinho, Ritschard, Müller and Studer (2011),
Analyzing and visualizing state sequences in R with TraMineR, Journal of Statistical Software 40(4); Studer
and Ritschard (2016), What matters in differences between life trajectories, JRSS A 179(2).
"""

from helpers.models.sequence.clustering import Typology, assign, sampled, typology
from helpers.models.sequence.describe import (
    sequence_indices,
    state_entropy,
    state_shares,
    transition_rates,
    typical,
)
from helpers.models.sequence.distances import distances, hamming, optimal_matching, substitution_costs
from helpers.models.sequence.patterns import Sequences, count_sequences, of_children, sequences, written
from helpers.models.sequence.quality import choose, explained, silhouettes, stability, within_types

__all__ = [
    "Sequences", "Typology", "assign", "choose", "count_sequences", "distances", "explained", "hamming",
    "of_children", "optimal_matching", "sampled", "sequence_indices", "sequences", "silhouettes", "stability",
    "state_entropy", "state_shares", "substitution_costs", "transition_rates", "typical", "typology",
    "within_types", "written",
]  # fmt: skip
