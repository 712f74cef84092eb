"""What is known and where it comes from: parameters, sources and targets, kept as TOML, checked and cited."""
