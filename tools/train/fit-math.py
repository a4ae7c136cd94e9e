"""
Fits the coefficients of assembly/simd/math.ts: minimax polynomials in relative error.

    python tools/train/fit-math.py

prints, for every polynomial, its interval, the error of the fit in float64, and the coefficients
rounded to float32, highest degree first: the order in which math.ts states them. Needs numpy.

Each fit is a weighted least-squares problem on Chebyshev nodes; Lawson's iteration moves the weights
to where the error is largest until it is level, which is the minimax condition.
"""

import math

import numpy as np

ROUNDS = 200


def nodes(low, high, count=801):
    """Chebyshev nodes of [low, high]: dense at the ends, where minimax errors peak."""
    angles = np.pi * (np.arange(count) + 0.5) / count
    return (low + high) / 2 + (high - low) / 2 * np.cos(angles)


def minimax(variable, powers, target, weight):
    """Coefficients c with sum c_k variable^powers_k ~ target, and the largest |error| * weight."""
    basis = np.stack([variable**power for power in powers], axis=1)
    lawson = np.ones(len(target))
    for _ in range(ROUNDS):
        scale = np.sqrt(lawson) * weight
        coefficients, *_ = np.linalg.lstsq(basis * scale[:, None], target * scale, rcond=None)
        error = np.abs((basis @ coefficients - target) * weight)
        lawson *= error / error.max() + 1e-9
        lawson /= lawson.sum()
    return coefficients, error.max()


def report(name, interval, fit):
    coefficients, error = fit
    print(f"{name} on {interval}: {error:.2g}")
    for value in coefficients[::-1]:
        print(f"  {float(np.float32(value))!r}")


def fit_exp2():
    """2^f = 1 + f P(f)"""
    f = nodes(-0.5, 0.5)
    y = 2.0**f
    return minimax(f, range(1, 6), y - 1, 1 / y)


def fit_exp():
    """e^r = 1 + r + r^2 P(r)"""
    r = nodes(-math.log(2) / 2, math.log(2) / 2)
    y = np.exp(r)
    return minimax(r, range(2, 7), y - 1 - r, 1 / y)


def fit_tanh():
    """tanh x = x + x z P(z), z = x^2"""
    x = nodes(1e-3, 0.625)
    z = x * x
    y = np.tanh(x)
    return minimax(z, range(5), (y / x - 1) / z, z * x / y)


def fit_erf():
    """erf x = x + x P(z), z = x^2"""
    x = nodes(1e-4, 1)
    y = np.array([math.erf(value) for value in x])
    return minimax(x * x, range(7), y / x - 1, x / y)


def fit_log_erfc():
    """erf x = 1 - e^Q(x); the weight turns an error of Q into the relative one of erf."""
    x = nodes(1, 4, 1201)
    erfc = np.array([math.erfc(value) for value in x])
    return minimax(x, range(7), np.log(erfc), erfc / (1 - erfc))


if __name__ == "__main__":
    report("exp2: P of 1 + f P(f)", "[-0.5, 0.5]", fit_exp2())
    report("exp: P of 1 + r + r^2 P(r)", "[-ln2/2, ln2/2]", fit_exp())
    report("tanh: P of x + x z P(z)", "[0, 0.625]", fit_tanh())
    report("erf: P of x + x P(z)", "[0, 1]", fit_erf())
    report("erf: Q of 1 - e^Q(x)", "[1, 4]", fit_log_erfc())
