"""Courses of one patient under several regimens, summarised as a Forecast."""
