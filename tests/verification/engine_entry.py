"""An entry function that is compiled with the kernels: many courses of the host in one call."""

from typing import Any

import numpy as np

from osteocast.engine.stepper import Options
from osteocast.foundation.compiled import jitable

SIGNATURE = "(float64[:, ::1], float64[:, :, ::1], float64[::1], float64[:, ::1], float64[:, ::1])"

DAYS = 40.0


@jitable
def run_many(k: Any, xb: Any, xl: Any, pb: Any, pl: Any, out: Any) -> int:
    """Advance each course over a grid of five days with a dose every ten; write its read-outs; return failures."""
    lesions, failed = xl.shape[1], 0
    work = k.new_work(lesions)
    options = Options(1e-4, 0.0, 1e-9, 30.0, 10_000, np.full(xb.shape[1], 1e-6), np.full(xl.shape[2], 1e-6))
    controls, exported = np.ones(1), np.zeros(2)
    for i in range(xb.shape[0]):
        t, h = 0.0, 0.0
        while t < DAYS:
            if t % 10.0 == 0.0:
                xb[i, 2] += 1.0 + i
                h = 0.0
            status, h, _ = k.advance(t, t + 5.0, h, xb[i], xl[i], lesions, pb, pl, controls, work, options)
            failed += status != 0
            t += 5.0
        k.sum_exports(xb[i], xl[i], lesions, pb, pl, controls, work, exported)
        k.body_observables(xb[i], pb, exported, controls, out[i])
    return failed
