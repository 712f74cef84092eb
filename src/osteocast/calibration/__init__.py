"""Staged calibration of shared scales on published trials: emulator, history matching, ensemble of real runs."""
