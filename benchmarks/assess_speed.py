"""How many FHIR records are assessed in a second, at 1,000 and 10,000 different bundles of 15 resources.

Run ``python benchmarks/assess_speed.py [WORKERS] [COUNT ...]``. It writes made-up bundles as NDJSON, assesses them with
``osteocast assess`` as a user does, and prints records a second, CPU seconds of all processes and the peak of memory of
the largest one, each count in a process of its own.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SCT, LOINC, UCUM = "http://snomed.info/sct", "http://loinc.org", "http://unitsofmeasure.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SUBJECT = {"reference": "Patient/p"}
PRIMARIES = ("254837009", "399068003", "254637007")
VERTEBRAE = ("50060007", "33766003", "61032001", "55492004")
SYMPTOMS = ("leg weakness", "back pain at night", "constipation", "thirst", "numbness", "bone pain")
# LOINC code, unit, lowest and highest value
VALUES = (
    ("17861-6", "mg/dL", 7.0, 14.5), ("1751-7", "g/dL", 2.2, 4.6), ("2160-0", "mg/dL", 0.5, 3.5),
    ("6768-6", "U/L", 40, 900), ("29463-7", "kg", 45, 110), ("89247-1", "{score}", 0, 4), ("72514-3", "{score}", 0, 10),
)  # fmt: skip


def coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def record(number: int) -> str:
    """Return one made-up bundle; none is like another."""
    rng = random.Random(number)
    day = f"2026-0{rng.randint(1, 6)}-{rng.randint(1, 28):02}"
    gender = rng.choice(("female", "male"))
    primary = rng.choice([one for one in PRIMARIES if not (gender == "female" and one == "399068003")])
    condition = {"resourceType": "Condition", "subject": SUBJECT, "onsetDateTime": "2024-02-01"}
    sites = [coded(SCT, one) for one in rng.sample(VERTEBRAE, rng.randint(0, 2))]
    found: list[dict[str, Any]] = [
        {"resourceType": "Patient", "id": "p", "gender": gender, "birthDate": f"{rng.randint(1935, 1985)}-05-01",
         "identifier": [{"system": "urn:made-up", "value": f"{number}"}], "name": [{"family": f"N{number}"}]},
        {**condition, "code": coded(SCT, primary)},
        {**condition, "code": coded(SCT, "94222008"), "bodySite": sites},
    ]  # fmt: skip
    for code, unit, low, high in VALUES:
        value = rng.randint(int(low), int(high)) if unit == "{score}" else round(rng.uniform(low, high), 1)
        quantity = {"value": value, "unit": unit, "system": UCUM, "code": unit}
        found.append({"resourceType": "Observation", "status": "final", "code": coded(LOINC, code), "subject": SUBJECT,
                      "effectiveDateTime": f"{day}T08:00:00Z", "valueQuantity": quantity})  # fmt: skip
    found += [{**condition, "onsetDateTime": day, "code": {"text": one}} for one in rng.sample(SYMPTOMS, 2)]
    drug = {"resourceType": "MedicationRequest", "status": "active", "intent": "order", "subject": SUBJECT}
    dose = {
        "doseAndRate": [{"doseQuantity": {"value": rng.choice((3, 4)), "unit": "mg", "system": UCUM, "code": "mg"}}]
    }
    found.append({**drug, "medicationCodeableConcept": coded(RXNORM, "77655"), "authoredOn": "2025-12-01",
                  "dosageInstruction": [dose]})  # fmt: skip
    found += [{"resourceType": "Encounter", "id": f"e{n}", "status": "finished", "subject": SUBJECT} for n in range(2)]
    entries = [{"fullUrl": f"urn:uuid:{number}-{n}", "resource": one} for n, one in enumerate(found)]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})


def measure(count: int, workers: int) -> None:
    """Assess so many records in this process and the ones that it starts, and print the figures."""
    from osteocast.assess_batch import assess_many

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "records.ndjson"
        with file.open("w", encoding="utf-8") as stream:
            stream.writelines(f"{record(number)}\n" for number in range(count))
        start = time.perf_counter()
        before = os.times()
        text, code = assess_many(file, (None, False, {}), Path(folder) / "out", False, workers)
        seconds, after = time.perf_counter() - start, os.times()
        cpu = sum(after[:4]) - sum(before[:4])
        size = file.stat().st_size / count
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    print(
        f"{count} records of {size:.0f} bytes, {workers} process(es), exit code {code}: {seconds:.1f} s, "
        f"{count / seconds:.0f} records/s, {cpu:.1f} s CPU ({1000 * cpu / count:.2f} ms each), "
        f"peak {peak:.0f} MB a process"
    )
    print(f"  {text.splitlines()[0]}")


def main() -> None:
    """Measure each count in a new process, so that peaks of memory are its own."""
    numbers = [int(one) for one in sys.argv[1:]]
    if os.environ.get("ASSESS_SPEED_ONE"):
        measure(numbers[1], numbers[0])
        return
    workers, counts = numbers[0] if numbers else os.cpu_count() or 1, numbers[1:] or [1_000, 10_000]
    for count in counts:
        command = [sys.executable, __file__, str(workers), str(count)]
        subprocess.run(command, check=True, env={**os.environ, "ASSESS_SPEED_ONE": "1"})


if __name__ == "__main__":
    main()
