"""The five worked problems, from their text to checked numbers.

Run it with `make demo`. Each problem is parsed, lowered, differentiated, derived step
by step, said in index and matrix notation, compared with the closed form a person would
write, and verified on random arrays against differences of the function itself; the
answers that were proposed to it are judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

import indexcalc as ic


@dataclass(frozen=True)
class Problem:
    """A function, the variable to differentiate by, and the answer in the same
    language."""

    title: str
    text: str
    shapes: Mapping[str, str]
    variable: str
    answer: str
    sizes: Mapping[str, int]
    words: str
    proposals: tuple[str, ...] = ()


PROBLEMS = (
    Problem(
        "y = (X∘A)1, derivative by A",
        "(X ∘ A) * ones(p)",
        {"X": "n p", "A": "n p"},
        "A",
        "H(n) * X",
        {"n": 4, "p": 3},
        "H X: slice k is E_kk X",
        ("H(n) * X", "X"),
    ),
    Problem(
        "F = W(AX∘AX)1, derivative by X",
        "W * (A*X ∘ (A*X)) * ones(3)",
        {"W": "k k", "A": "k n", "X": "n 3"},
        "X",
        'einsum("iq,qk,ql->ikl", 2*W, A, A*X)',
        {"k": 4, "n": 5},
        "2 W Diag((AX)e_l) A for column l",
        ("((ones(3)' ⊗ W) * Diag(2*vec(A*X)) * (eye(3) ⊗ A))'",),
    ),
    Problem(
        "f = x∘y∘z, derivative by x",
        "x ∘ y ∘ z",
        {"x": "n", "y": "n", "z": "n"},
        "x",
        "Diag(y ∘ z)",
        {"n": 5},
        "Diag(y∘z), whose diagonal is y∘z",
        ("y ∘ z", "Diag(y) * Diag(z)"),
    ),
    Problem(
        "γ = a'(B(xc'∘D)∘E)f, a scalar, derivative by x",
        "a' * (B * (x*c' ∘ D) ∘ E) * f",
        {"a": "p", "B": "p b", "x": "b", "c": "e", "D": "b e", "E": "p e", "f": "e"},
        "x",
        "((B' * (E ∘ (a*f'))) ∘ D) * c",
        {"p": 3, "b": 4, "e": 5},
        "K c with K = (B'(E∘af'))∘D",
        ("((B' * (E ∘ (a*f'))) ∘ D) * c",),
    ),
    Problem(
        "y = A(B(xc'∘D)∘E)f, a vector, derivative by x",
        "A * (B * (x*c' ∘ D) ∘ E) * f",
        {
            "A": "q p",
            "B": "p b",
            "x": "b",
            "c": "e",
            "D": "b e",
            "E": "p e",
            "f": "e",
        },
        "x",
        "A * (B ∘ (E * Diag(c ∘ f) * D'))",
        {"q": 2, "p": 3, "b": 4, "e": 5},
        "A (B ∘ (E Diag(c∘f) D'))",
        ("A * (B ∘ (E * Diag(c ∘ f) * D'))",),
    ),
)


def differences(
    y: ic.Expression, values: dict[str, np.ndarray], variable: str
) -> np.ndarray:
    """Central differences with step 1, exact for functions of degree two or less."""
    x = values[variable]
    columns = []
    for place in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[place] = 1
        above = y.evaluate({**values, variable: x + step})
        below = y.evaluate({**values, variable: x - step})
        columns.append((above - below) / 2)
    stacked = np.array(columns).reshape(x.shape + y.evaluate(values).shape)
    return np.moveaxis(stacked, range(x.ndim), range(-x.ndim, 0))


def say(derivative: ic.Expression) -> None:
    """Prints a derivative in words of matrices."""
    if derivative.ndim < 3:
        print(f"matrix      {derivative.matrix('paper', parts=True)}")
        print(f"LaTeX       {derivative.latex()}")
        return
    print(f"over vec    {derivative.jacobian_matrix(style='paper')}")
    for part in derivative.slices():
        print(f"slices      {part}")
    print(f"linear map  {derivative.linear_map('V')}")


def solve(problem: Problem) -> float:
    """Prints one problem from its text to its numbers; answers the largest error."""
    y = ic.parse(problem.text, problem.shapes)
    derivative = y.diff(problem.variable)
    by_hand = ic.parse(problem.answer, problem.shapes)
    rng = np.random.default_rng(0)
    values = {
        name: rng.normal(size=[problem.sizes.get(s) or int(s) for s in shape.split()])
        for name, shape in problem.shapes.items()
    }
    found = derivative.evaluate(values)
    error = float(np.abs(found - differences(y, values, problem.variable)).max())
    lowered = y.lowered()
    print(f"\n{problem.title}\n{'-' * len(problem.title)}")
    print(f"text        {problem.text}")
    print(f"lowered     {lowered}")
    for line in lowered.contractions:
        print(f"            {line}")
    print(f"indexed     {y}")
    print(f"derivative  {derivative}    ({derivative.axes()})")
    say(derivative)
    print(f"by hand     {problem.words}: same object {derivative == by_hand}")
    for answer in problem.proposals:
        verdict = ic.check(y, problem.variable, answer)
        print(f"judged      {answer}\n            {verdict}")
    print(f"steps\n{y.steps(problem.variable)}")
    print("einsum      " + derivative.einsum().replace("\n", "\n            "))
    print(f"checked     {'×'.join(map(str, found.shape))} numbers, error {error:.1e}")
    if derivative != by_hand or error > 1e-10:
        raise SystemExit(f"{problem.title}: the derivative is not what it should be")
    return error


def main() -> None:
    """All five."""
    worst = max(solve(problem) for problem in PROBLEMS)
    count = len(PROBLEMS)
    print(f"\nAll {count} problems answered and verified, error at most {worst:.1e}.")


if __name__ == "__main__":
    main()
