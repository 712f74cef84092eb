"""What every layer stands on: units, coded errors, keyed random numbers, files and the run record."""
