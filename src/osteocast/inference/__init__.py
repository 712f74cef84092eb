"""Conditioning on a patient's observations, and calibration on published results."""
