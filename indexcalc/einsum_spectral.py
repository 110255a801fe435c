"""How printed programs spell matrix functions, eigenvalues and factors.

A table for NumPy with SciPy, and one for PyTorch, which has an exponential of matrices
and no logarithm, root, sine or cosine. What takes more than one call is a helper,
printed above the program. Derivatives of matrix functions come from block-triangular
matrices.

>>> frechet_arguments("np", ("expm", 1, 0), ["A", "E"])
['scipy.linalg.expm', '0', 'A', 'E']
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .errors import UnsupportedError

_SCIPY = ("expm", "logm", "sqrtm", "sinm", "cosm")

NUMPY = {
    "pinv": "np.linalg.pinv({0})",
    "svdvals": "np.linalg.svd({0}, compute_uv=False)",
    "norm_nuclear": 'np.linalg.norm({0}, "nuc", (-2, -1))',
}

TORCH = {
    "expm": "torch.linalg.matrix_exp({0})",
    "pinv": "torch.linalg.pinv({0})",
    "svdvals": "torch.linalg.svdvals({0})",
    "norm_nuclear": 'torch.linalg.matrix_norm({0}, "nuc")',
}

# The upper right block of f at a block-triangular matrix; an open pair of axes runs
# over all unit matrices.
_FRECHET = """\
def {name}(f, pairs, x, *directions):
    n = x.shape[-1]
    if n == 0:
        return x.reshape((0,) * (2 + 2 * pairs))
    if pairs:
        eye = EYE.reshape(n, n, n, n)
        rows = [
            LIB.stack([{name}(f, pairs - 1, x, *directions, e) for e in row])
            for row in eye
        ]
        return LIB.moveaxis(LIB.stack(rows), (0, 1), (2, 3))
    scale = 1
    for e in directions:
        m = x.shape[-1] // n
        size = LIB.abs(e).max()
        scale, size = scale * size, size + (size == 0)
        side = LIB.kron(LIB.eye(mOPTIONS), e / size)
        x = LIB.concatenate(
            [LIB.concatenate([x, side], 1), LIB.concatenate([0 * side, x], 1)], 0
        )
    return scale * f(x)[:n, -n:]
"""

_SYMMETRIC = "(x + LIB.swapaxes(x, -1, -2)) / 2"

_VECTORS = f"""\
def {{name}}(x):
    v = LIB.linalg.eigh({_SYMMETRIC})[1]
    size = LIB.abs(v)
    first = FIRST
    chosen = TAKE
    return LIB.where(chosen < 0, -v, v)TAIL
"""

_TOP = f"""\
def {{name}}(x):
    w, v = LIB.linalg.eigh({_SYMMETRIC})
    r = w[..., -1:] - w
    r[..., -1] = LIB.inf
    return (v / r[..., None, :]) @ LIB.swapaxes(v, -1, -2)
"""

_HELPERS = {
    "frechet": _FRECHET,
    "eigenvectors": _VECTORS.replace("TAIL", ""),
    "eigmax_vector": _VECTORS.replace("TAIL", "[..., -1]"),
    "eigmax_resolvent": _TOP,
    "eigvalsh": f"""\
def {{name}}(x):
    return LIB.linalg.eigvalsh({_SYMMETRIC})
""",
    "cholesky": f"""\
def {{name}}(x):
    return LIB.linalg.cholesky({_SYMMETRIC})
""",
    "eigmax": f"""\
def {{name}}(x):
    return LIB.linalg.eigvalsh({_SYMMETRIC})[..., -1]
""",
    "gaps": """\
def {name}(x):
    r = x[..., None, :] - x[..., :, None]
    diagonal = LIB.eye(x.shape[-1]OPTIONS) > 0
    return 1 / LIB.where(diagonal, LIB.inf, r)
""",
    "polar": """\
def {name}(x):
    u, s, v = LIB.linalg.svd(x, full_matrices=False)
    return u @ v
""",
}

_WORDS = {
    "np": {
        "FIRST": "(size >= 0.999 * size.max(-2, keepdims=True)).argmax(-2)",
        "TAKE": "np.take_along_axis(v, first[..., None, :], -2)",
        "EYE": "np.eye(n * n, dtype=x.dtype)",
        "OPTIONS": ", dtype=x.dtype",
    },
    "torch": {
        "FIRST": "(size >= 0.999 * size.amax(-2, True)).to(torch.int8).argmax(-2)",
        "TAKE": "torch.take_along_dim(v, first[..., None, :], -2)",
        "EYE": "torch.eye(n * n, dtype=x.dtype, device=x.device)",
        "OPTIONS": ", dtype=x.dtype, device=x.device",
    },
}


def helpers(module: str) -> dict[str, str]:
    """The helpers in a library's words."""
    found = dict(_HELPERS)
    if module == "np":
        body = "def {{name}}(x):\n    return scipy.linalg.{0}(x)\n"
        found |= {name: body.format(name) for name in _SCIPY}
    for word, meaning in {**_WORDS[module], "LIB": module}.items():
        found = {name: text.replace(word, meaning) for name, text in found.items()}
    return found


#: What a helper imports, where it is NumPy's.
IMPORTS = dict.fromkeys((*_SCIPY, "frechet"), "scipy.linalg")


def frechet_arguments(
    module: str, params: tuple[Any, ...], texts: Sequence[str], batch: int = 0
) -> list[str]:
    """The arguments of the helper `frechet`.

    Raises `UnsupportedError` for what a program has no spelling of.
    """
    name, _, open_ = params
    if batch:
        raise UnsupportedError(f"the derivative of a stack of {name} in a program")
    if name not in _SCIPY:
        raise UnsupportedError(
            f"the derivative of {name} has no spelling in a program",
            hint="evaluate(…) computes it",
        )
    if module == "np":
        function = f"scipy.linalg.{name}"
    elif name == "expm":
        function = "torch.linalg.matrix_exp"
    else:
        raise UnsupportedError(f"{name} has no spelling in torch")
    return [function, str(open_), *texts]
