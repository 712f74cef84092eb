"""Endpoints of trials: counted follow-up of two arms, summarised as estimates with intervals."""
