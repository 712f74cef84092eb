"""Validation: simulated trials and a null model scored against every published figure of the same trials."""
