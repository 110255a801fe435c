"""Newton's method with derivatives as they come: compiled, and with structure kept.

Logistic regression: value, gradient and Hessian are one function of the arrays, which
computes what they share once. Matrix factorisation from a third of the entries: the
Hessian by one factor is block diagonal, one small block a row; only the blocks are
computed, and `solve` takes the step from them.

Run it with `make demo`, or `python examples/newton.py`.
"""

from __future__ import annotations

import numpy as np

import indexcalc as ic

#: Newton's method has converged where the gradient is so small.
SMALL = 1e-8


def logistic_regression(rng: np.random.Generator, m: int, n: int) -> float:
    """Fits labels ±1 by logistic regression; answers the norm of the last gradient."""
    loss = ic.parse(
        "sum(log(exp(-y .* (X*w)) .+ 1)) + c * normsq(w)", X="m n", y="m", w="n", c=""
    )
    newton = ic.compile([loss, loss.gradient("w"), loss.hessian("w")])
    print(f"\nLogistic regression, {m} rows, {n} weights")
    print(f"  gradient  {loss.gradient('w').matrix('paper')}")
    print(f"  Hessian   {loss.hessian('w').matrix('paper')}")
    X = rng.normal(size=(m, n))
    y = np.sign(X @ rng.normal(size=n) + rng.normal(size=m))
    w, norm = np.zeros(n), np.inf
    for step in range(20):
        value, gradient, hessian = newton(X=X, y=y, w=w, c=0.5)
        norm = float(np.linalg.norm(gradient))
        print(f"  step {step}    loss {value:12.6f}    |gradient| {norm:.1e}")
        if norm < SMALL:
            break
        w = w - np.linalg.solve(hessian, gradient)
    return norm


def factorisation(rng: np.random.Generator, m: int, n: int, k: int) -> float:
    """Finds U Vᵀ from noisy entries; answers the error on the entries not seen."""
    loss = ic.parse(
        "sum(O ∘ (T - U*V').^2) + c * (normsq(U) + normsq(V))",
        {"O": "m n", "T": "m n", "U": "m k", "V": "n k", "c": ""},
    )
    value = loss.compile()
    by_factor = {
        name: (
            loss.gradient(name).compile(),
            loss.hessian(name).compile(structured=True),
        )
        for name in ("U", "V")
    }
    print(f"\nFactors of a {m}×{n} matrix of rank {k}, from 30 % of its entries")
    whole = rng.normal(size=(m, k)) @ rng.normal(size=(k, n))
    seen = rng.random((m, n)) < 0.3
    arrays = {
        "O": seen.astype(float),
        "T": np.where(seen, whole + 0.01 * rng.normal(size=(m, n)), 0.0),
        "U": rng.normal(size=(m, k)),
        "V": rng.normal(size=(n, k)),
        "c": np.array(1e-2),
    }
    hidden = np.inf
    for sweep in range(6):
        for name, (gradient, hessian) in by_factor.items():
            h = hessian(arrays)
            arrays[name] = arrays[name] + h.solve(-gradient(arrays))
            if sweep == 0:
                kept, dense = h.nbytes / 1e6, 8e-6 * float(np.prod(h.shape))
                print(f"  Hessian by {name}: {h.kind}, {kept:.2f} MB of {dense:.0f} MB")
        error = (arrays["U"] @ arrays["V"].T - whole)[~seen]
        hidden = float(np.sqrt(np.mean(error**2)))
        print(f"  sweep {sweep}   loss {value(arrays):12.4f}    unseen {hidden:.4f}")
    return hidden


def main() -> None:
    """Both, on random data."""
    rng = np.random.default_rng(0)
    norm = logistic_regression(rng, 2000, 50)
    hidden = factorisation(rng, 300, 250, 5)
    if not (norm < SMALL and hidden < 0.05):
        raise SystemExit("Newton's method did not arrive")
    print("\nBoth arrived.")


if __name__ == "__main__":
    main()
