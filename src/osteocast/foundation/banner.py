"""The sentence that stands on every output."""

BANNER = "Research and education use only; not a diagnosis, an order or a treatment recommendation."
