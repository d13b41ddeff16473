"""Fits the polynomials of src/nn/vector_math_body.h and prints their coefficients and errors. Needs numpy.

Each fit minimises the largest weighted error on a Chebyshev grid (Lawson's reweighted least squares), in double.
tests/nn/test_vector_math.c measures what is left of it in f32."""
import math
import numpy as np


def lawson(columns, target, rounds=400):
    """Coefficients c that make the largest |columns @ c - target| small."""
    weight, best = np.ones(len(target)), (math.inf, None)
    for _ in range(rounds):
        root = np.sqrt(weight)
        c = np.linalg.lstsq(columns * root[:, None], target * root, rcond=None)[0]
        error = np.abs(columns @ c - target)
        if error.max() < best[0]:
            best = error.max(), c
        weight *= error / error.max() + 1e-3
        weight /= weight.sum()
    return best


def odd(function, end, degree, weight):
    """function(x) = x P(v), v = 2 x^2 / end^2 - 1 in [-1, 1]: well conditioned where powers of x^2 are not."""
    v = np.cos(np.linspace(0, np.pi, 4001))
    x = np.maximum(end * np.sqrt((v + 1) / 2), 1e-9)
    scale = x * weight(x)
    error, c = lawson(np.polynomial.chebyshev.chebvander(v, degree) * scale[:, None], function(x) * weight(x))
    return error, np.polynomial.chebyshev.cheb2poly(c)


def exponential(degree):
    """exp(r) = 1 + r + r^2 q(r) for |r| <= ln 2 / 2, relative error."""
    r = math.log(2) / 2 * np.cos(np.linspace(0, np.pi, 4000))
    columns = np.stack([r ** (2 + i) / np.exp(r) for i in range(degree - 1)], axis=1)
    return lawson(columns, (np.exp(r) - 1 - r) / np.exp(r))


erf = np.vectorize(math.erf)
density = lambda x: np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
half = lambda x: erf(x / math.sqrt(2)) / 2          # Phi(x) - 1/2


def show(name, error, coefficients):
    print(f"{name}: error {error:.2e}")
    print("    " + ", ".join(f"{c:.9g}f" for c in coefficients))


show("Phi(x) - 1/2, |x| <= 5.25, error times x", *odd(half, 5.25, 13, lambda x: np.maximum(x, 1)))
show("gelu'(x) - 1/2, |x| <= 5.5", *odd(lambda x: half(x) + x * density(x), 5.5, 15, np.ones_like))
show("exp, from the coefficient of r^2", *exponential(6))
