"""SymPy forms of the elementary functions, each with its own finite derivative.

Only tracing (`osteocast.engine`) and documentation meet these classes; the models call
`osteocast.models.functions`, which picks them when it is given SymPy expressions. The numbers they stand for
are those of the numeric forms there.
"""

from typing import Any

import sympy as sp


class PositivePower(sp.Function):  # type: ignore[misc]
    """ratio ** exponent, continued by its chord below a ratio of 1e-9."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> Any:
        """Derivative with respect to the ratio (1) or the exponent (2)."""
        ratio, exponent = self.args
        if argindex == 1:
            return PositivePowerSlope(ratio, exponent)
        return PositivePower(ratio, exponent) * SafeLog(ratio)


class PositivePowerSlope(sp.Function):  # type: ignore[misc]
    """Derivative of PositivePower with respect to its ratio."""

    nargs = 2


class SafeExp(sp.Function):  # type: ignore[misc]
    """exp held at e**700 above 700."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        """Derivative: itself."""
        return SafeExp(self.args[0])


class SafeLog(sp.Function):  # type: ignore[misc]
    """log held constant below 1e-30."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        """Derivative: one over the ratio, 0 where the value is held."""
        return LogSlope(self.args[0])


class LogSlope(sp.Function):  # type: ignore[misc]
    """One over the ratio, 0 below a ratio of 1e-30."""

    nargs = 1


class Logistic(sp.Function):  # type: ignore[misc]
    """1 / (1 + exp(-x))."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        """Derivative in terms of the value, which cannot overflow."""
        value = Logistic(self.args[0])
        return value * (1 - value)


class Saturation(sp.Function):  # type: ignore[misc]
    """y / (1 + |y|)."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        """Derivative 1 / (1 + |y|)^2."""
        return SaturationRest(self.args[0]) ** 2


class SaturationRest(sp.Function):  # type: ignore[misc]
    """1 / (1 + |y|), what a saturation has left."""

    nargs = 1


class UnitStep(sp.Function):  # type: ignore[misc]
    """Polynomial step from 0 at u = 0 to 1 at u = 1."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        """Derivative 30 v^2 (1 - v)^2 with v clipped to the unit interval."""
        v = UnitClip(self.args[0])
        return 30 * (v * (1 - v)) ** 2


class UnitRamp(sp.Function):  # type: ignore[misc]
    """max(u, 0) with its corner rounded between -1 and 1."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        """Derivative: the polynomial step over the rounded band."""
        return UnitStep((self.args[0] + 1) / 2)


class UnitClip(sp.Function):  # type: ignore[misc]
    """The argument held between 0 and 1."""

    nargs = 1


FUNCTIONS: dict[str, Any] = {
    "positive_power": PositivePower,
    "exp": SafeExp,
    "log": SafeLog,
    "logistic": Logistic,
    "saturation": Saturation,
    "unit_step": UnitStep,
    "unit_ramp": UnitRamp,
}
