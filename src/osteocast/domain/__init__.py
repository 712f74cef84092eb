"""The frozen nouns of the clinic: patients, lesions at sites, observations, regimens."""
