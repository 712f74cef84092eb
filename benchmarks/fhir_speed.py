"""How many FHIR records are read in a second: one bundle of 13 resources after another, with 1 and 2 processes.

Run ``python benchmarks/fhir_speed.py [BUNDLE.json] [COPIES]``; without a bundle a small one is made up.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

from osteocast.formats.fhir_batch import read_many

SUBJECT = {"reference": "Patient/p"}


def made_up() -> str:
    """A patient with breast cancer, a vertebral metastasis and ten calcium values."""
    sct, loinc = "http://snomed.info/sct", "http://loinc.org"
    primary = {"coding": [{"system": sct, "code": "254837009"}]}
    spread = {"coding": [{"system": sct, "code": "94222008"}]}
    site = {"coding": [{"system": sct, "code": "33766003"}]}
    entries: list[dict[str, object]] = [
        {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1960-05-01"},
        {"resourceType": "Condition", "code": primary, "subject": SUBJECT, "onsetDateTime": "2021-02-01"},
        {"resourceType": "Condition", "code": spread, "bodySite": [site], "subject": SUBJECT},
    ]
    for day in range(1, 11):
        quantity = {"value": 9 + day / 10, "system": "http://unitsofmeasure.org", "code": "mg/dL"}
        calcium = {"coding": [{"system": loinc, "code": "17861-6"}]}
        entry = {"resourceType": "Observation", "status": "final", "code": calcium, "subject": SUBJECT}
        entries.append({**entry, "effectiveDateTime": f"2025-01-{day:02}", "valueQuantity": quantity})
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in entries]})


def main() -> None:
    """Read the copies and print records a second and the peak of memory."""
    text = json.dumps(json.loads(Path(sys.argv[1]).read_text())) if len(sys.argv) > 1 else made_up()
    copies = int(sys.argv[2]) if len(sys.argv) > 2 else 2_000
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "records.ndjson"
        with file.open("w", encoding="utf-8") as stream:
            stream.writelines(f"{text}\n" for _ in range(copies))
        for workers in (1, 2):
            start = time.perf_counter()
            patients = sum(record.patient is not None for record in read_many(file, workers))
            seconds = time.perf_counter() - start
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"{workers} process(es): {copies / seconds:.0f} records/s, {1000 * seconds / copies:.2f} ms each, "
                f"{patients} patients, peak {peak:.0f} MB"
            )


if __name__ == "__main__":
    main()
