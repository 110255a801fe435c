"""Eigenvalues, factors and pseudoinverses: records whose derivatives are closed.

Eigenvalues and Cholesky factors are those of the symmetric part (A + Aᵀ)/2, so that
value and derivative agree on every square array and are NumPy's on symmetric ones. With
S = V Diag(λ) Vᵀ, λ ascending, and g_ij = 1/(λ_j − λ_i) off the diagonal, 0 on it,

    dλ_i = v_iᵀ dS v_i,   dV = V (g ∘ (Vᵀ dS V)),   dg_ij = −g_ij² (dλ_j − dλ_i)

so V and g are functions of the table too and every order is closed. In a column of V
the entry of largest magnitude, the first of them, is positive. Where eigenvalues
coincide the vectors are not determined, and evaluation says so.

Sources: J. R. Magnus, On differentiating eigenvalues and eigenvectors (1985); G. H.
Golub and V. Pereyra (1973) for the pseudoinverse of constant rank; S. F. Walter and
L. Lehmann (2010) for the Cholesky factor.

>>> from indexcalc.expr import tensor
>>> from indexcalc.functions import partial
>>> from indexcalc.sizes import shape_text
>>> A = tensor("A", ("n", "n"))
>>> print(shape_text(partial(call("eigvalsh", [A]), 0).shape))
n×n×n
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from .expr import einsum, linear, scale, swapped
from .functions import Function, Partial, Signature, call, power, register
from .nodes import Call, Node
from .sizes import Size
from .structure_matrices import lower_mask

HALF = Fraction(1, 2)


def wired(spec: str, nodes: Sequence[Node], batch: int = 0) -> Node:
    """The contraction of a spec in single letters, over `batch` leading axes."""
    inputs, out = spec.split("->")
    lead = list(range(batch))
    place = {c: batch + k for k, c in enumerate(sorted(set(spec) - set(",->")))}
    rows = [
        (node, [*lead, *(place[c] for c in letters)])
        for node, letters in zip(nodes, inputs.split(","), strict=True)
    ]
    return einsum(rows, [*lead, *(place[c] for c in out)])


def _batch(f: Call, core: int = 2) -> int:
    return len(f.args[0].shape) - core


def _symmetrised(node: Node) -> Node:
    """Half the sum over both orders of the last two axes."""
    return scale(HALF, linear([(node, 1), (swapped(node), 1)], node.shape))


# -- eigenvalues and eigenvectors ------------------------------------------------------


def _eigenvalues_partial(f: Call) -> Node:
    """∂λ_i/∂A_kl = V_ki V_li."""
    v = call("eigenvectors", f.args)
    return wired("ki,li->ikl", [v, v], _batch(f))


def _eigenvectors_partial(f: Call) -> Node:
    """∂V_ai/∂A_kl = Σ_j V_aj g_ji V_kj V_li, symmetrised in k and l."""
    gaps = call("gaps", [call("eigvalsh", f.args)])
    return _symmetrised(wired("aj,ji,kj,li->aikl", [f, gaps, f, f], _batch(f)))


def _gaps_partial(f: Call) -> Node:
    """∂g_ij/∂λ_k = −g_ij² (δ_jk − δ_ik)."""
    square, batch = power(f, 2), _batch(f, 1)
    terms = [
        (wired("ij->ijj", [square], batch), -1),
        (wired("ij->iji", [square], batch), 1),
    ]
    return linear(terms, (*f.shape, f.shape[-1]))


# -- the largest eigenvalue ------------------------------------------------------------


def _largest_partial(f: Call) -> Node:
    """∂λ/∂A_kl = v_k v_l, for the largest eigenvalue, which must be simple."""
    v = call("eigmax_vector", f.args)
    return wired("k,l->kl", [v, v], _batch(f))


def _vector_partial(f: Call) -> Node:
    """∂v_a/∂A_kl = R_ak v_l, symmetrised, with R = (λI − S)⁺."""
    r = call("eigmax_resolvent", f.args)
    return _symmetrised(wired("ak,l->akl", [r, f], _batch(f)))


def _resolvent_partial(f: Call) -> Node:
    """dM⁺ of M = λI − S, whose kernel is spanned by v: −R dM R + R² dM P + P dM R²
    with P = v vᵀ and dM_ab = v_k v_l δ_ab − dS_ab."""
    batch, n = _batch(f), f.shape[-1]
    v = call("eigmax_vector", f.args)
    square = wired("ia,aj->ij", [f, f], batch)
    terms: list[tuple[Node, int]] = []
    sides = ((f, f, -1), (square, None, 1), (None, square, 1))
    for left, right, sign in sides:
        halves = [(v, v) if side is None else (side,) for side in (left, right)]
        names = ["i,k" if left is None else "ik", "l,j" if right is None else "lj"]
        moved = wired(f"{names[0]},{names[1]}->ijkl", [*halves[0], *halves[1]], batch)
        terms.append((moved, -sign))
        joined = [name.replace("k", "a").replace("l", "a") for name in names]
        spec = f"{joined[0]},{joined[1]},k,l->ijkl"
        terms.append((wired(spec, [*halves[0], *halves[1], v, v], batch), sign))
    return _symmetrised(linear(terms, (*f.shape, n, n)))


# -- factors ---------------------------------------------------------------------------


def _cholesky_partial(f: Call) -> Node:
    """∂L_ij/∂A_kl = L_ia Φ_aj (L⁻¹)_ak (L⁻¹)_jl, symmetrised; Φ is the lower triangle
    with half the diagonal."""
    n, inverse = f.shape[-1], call("inv", [f])
    phi = linear([(lower_mask(n, n), 1), (_eye(f, n, 0), -HALF)], (n, n))
    sides = wired("ia,ak,jl->iajkl", [f, inverse, inverse], _batch(f))
    lead = list(range(_batch(f)))
    i, a, j, k, l = range(len(lead), len(lead) + 5)
    rows = [(sides, [*lead, i, a, j, k, l]), (phi, [a, j])]
    return _symmetrised(einsum(rows, [*lead, i, j, k, l]))


def _pinv_partial(f: Call) -> Node:
    """∂P_ij/∂A_kl = −P_ik P_lj + (PPᵀ)_il (I − AP)_kj + (I − PA)_il (PᵀP)_kj, at
    constant rank."""
    batch, a = _batch(f), f.args[0]
    m, n = a.shape[-2:]
    inside = wired("kl,lj->kj", [a, f], batch)
    outside = wired("ik,kl->il", [f, a], batch)
    gram = wired("ib,lb->il", [f, f], batch)
    other = wired("ak,aj->kj", [f, f], batch)
    rest_m = linear([(_eye(f, m, batch), 1), (inside, -1)], inside.shape)
    rest_n = linear([(_eye(f, n, batch), 1), (outside, -1)], outside.shape)
    terms = [
        (wired("ik,lj->ijkl", [f, f], batch), -1),
        (wired("il,kj->ijkl", [gram, rest_m], batch), 1),
        (wired("il,kj->ijkl", [rest_n, other], batch), 1),
    ]
    return linear(terms, (*f.shape, m, n))


def _eye(f: Call, n: Size, batch: int) -> Node:
    dims = {**dict(enumerate(f.shape[:batch])), batch: n}
    return einsum([], [*range(batch), batch, batch], dims)


# -- singular values -------------------------------------------------------------------


def _singular_values_partial(f: Call) -> Node:
    """∂σ_i/∂A_kl = u_ki v_li with u_i = A v_i/σ_i; the v_i are the eigenvectors of
    −AᵀA, which puts them in the order of descending σ."""
    batch, (a,) = _batch(f), f.args
    gram = wired("ki,kj->ij", [a, a], batch)
    v = call("eigenvectors", [scale(-1, gram)])
    return wired("ka,ai,li,i->ikl", [a, v, v, power(f, -1)], batch)


def _nuclear_partial(f: Call) -> Node:
    """∂‖A‖_*/∂A = U Vᵀ, the orthogonal polar factor."""
    return call("polar", f.args)


# -- records ---------------------------------------------------------------------------


def _fixed(*cores: str) -> Callable[[tuple[Any, ...]], Signature]:
    *inputs, output = map(tuple, cores)
    return lambda params: (tuple(inputs), output)


def _of_square(name: str, output: str, rule: Partial) -> Function:
    return Function(name, (rule,), _fixed("nn", output))


register(
    _of_square("eigvalsh", "n", _eigenvalues_partial),
    _of_square("eigenvectors", "nn", _eigenvectors_partial),
    Function("gaps", (_gaps_partial,), _fixed("n", "nn")),
    _of_square("eigmax", "", _largest_partial),
    _of_square("eigmax_vector", "n", _vector_partial),
    _of_square("eigmax_resolvent", "nn", _resolvent_partial),
    _of_square("cholesky", "nn", _cholesky_partial),
    Function("pinv", (_pinv_partial,), _fixed("mn", "nm")),
    Function("svdvals", (_singular_values_partial,), _fixed("mn", "n")),
    Function("norm_nuclear", (_nuclear_partial,), _fixed("mn", "")),
)
