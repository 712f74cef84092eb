"""Files to nouns and back: patients and regimens in TOML or JSON, with published JSON Schemas."""
