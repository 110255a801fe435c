"""How NumPy, JAX, PyTorch and the array API spell functions of arrays.

A spelling is a template; what it imports, and the helpers that a library lacks, are
printed above the function. The stable form is used wherever there is one.

>>> LIBRARIES["jax"].functions["softplus"].template
'jax.nn.softplus({0})'
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.util import find_spec

from ..einsum_spelling import LIBRARIES as PROGRAMS
from ..einsum_spelling import Library as ProgramLibrary
from ..kernels_solving import HELPERS as FACTORS
from ..kernels_sparse import KERNELS as SPARSE
from .kernel_text import kernel_text
from .numpy_fast_calls import SOFTPLUS


@dataclass(frozen=True, slots=True)
class Spelling:
    """A template of the arguments, and the line that imports what it calls."""

    template: str
    imports: str = ""


@dataclass(frozen=True, slots=True)
class Library:
    """One library of arrays: the module's name in the text, how it is imported, its
    functions, and helpers as source with `{name}` for their own name."""

    name: str
    module: str
    imports: str
    functions: Mapping[str, Spelling]
    helpers: Mapping[str, Spelling]
    methods: bool = True
    order: str = "transpose"
    axis: str = "axis"
    reserved: tuple[str, ...] = field(default=())


def _spelled(
    table: Mapping[str, str], *, module: str = "np", new: str = ""
) -> dict[str, Spelling]:
    replaced = {
        name: text.replace(f"{module}.", f"{new or module}.")
        for name, text in table.items()
    }
    return {name: Spelling(text) for name, text in replaced.items()}


def _helpers(source: ProgramLibrary, imports: Mapping[str, str]) -> dict[str, Spelling]:
    return {
        name: Spelling(text, imports.get(name, ""))
        for name, text in source.helpers.items()
    }


def _from(module: str, function: str, arguments: str = "{0}") -> Spelling:
    line = f"from {module} import {function}"
    return Spelling(f"{function}({arguments})", line)


# -- NumPy -----------------------------------------------------------------------------

_SCIPY = ("expm", "logm", "sqrtm", "sinm", "cosm")
_TOP = _from("scipy.special", "logsumexp", "{0}, axis=-1")


def _special() -> dict[str, Spelling]:
    """SciPy's functions; where it is not installed, helpers of our own stand in."""
    if find_spec("scipy") is None:
        return {}
    return {
        "sigmoid": _from("scipy.special", "expit"),
        "erf": _from("scipy.special", "erf"),
        "lse": _TOP,  # SciPy's softmax takes no empty arrays: the helper does
    }


NUMPY = Library(
    "numpy",
    "np",
    "import numpy as np",
    {
        **_spelled(PROGRAMS["numpy"].functions),
        **{name: _from("scipy.linalg", name) for name in _SCIPY},
        **_special(),
        "where": Spelling("np.where({0} != 0, {1}, {2})"),
        "solve": Spelling("np.linalg.solve({0}, {1})"),
        "solve_from": _from("scipy.linalg", "lu_solve", "{0}, {1}, trans=1"),
        "solve_turned": _from("scipy.linalg", "lu_solve", "{0}, {1}"),
    },
    {
        **_helpers(
            PROGRAMS["numpy"],
            {"cofactors": "import itertools", "frechet": "import scipy.linalg"},
        ),
        "factored": Spelling(FACTORS["factored"], "from scipy.linalg import lu_factor"),
        "inverse_from": Spelling(
            FACTORS["inverse_from"], "from scipy.linalg import get_lapack_funcs"
        ),
        "logdet_from": Spelling(FACTORS["logdet_from"]),
        **{name: Spelling(kernel_text(name)) for name in SPARSE},
    },
)

#: NumPy with what it runs slowly said otherwise, for programs that are run.
FAST_NUMPY = replace(
    NUMPY,
    functions={
        **{f: s for f, s in NUMPY.functions.items() if f != "softplus"},
        "heaviside": Spelling("np.sign(np.maximum({0}, 0))"),
    },
    helpers={**NUMPY.helpers, "softplus": Spelling(SOFTPLUS)},
)

# -- JAX -------------------------------------------------------------------------------

_JAX_SCIPY = "import jax.scipy as jsp"


def _jax_functions() -> dict[str, Spelling]:
    found = _spelled(PROGRAMS["numpy"].functions, new="jnp")
    for name in ("sigmoid", "softplus"):
        found[name] = Spelling(f"jax.nn.{name}({{0}})", "import jax")
    # The derivative of jax.nn.relu at 0 is 0, that of jnp.maximum is 1/2.
    found["relu"] = Spelling("jax.nn.relu({0})", "import jax")
    found["softmax"] = Spelling("jax.nn.softmax({0}, axis=-1)", "import jax")
    found["lse"] = Spelling("jax.nn.logsumexp({0}, axis=-1)", "import jax")
    found["where"] = Spelling("jnp.where({0} != 0, {1}, {2})")
    found["erf"] = Spelling("jsp.special.erf({0})", _JAX_SCIPY)
    for name in ("expm", "sqrtm"):
        found[name] = Spelling(f"jsp.linalg.{name}({{0}})", _JAX_SCIPY)
    found["solve"] = Spelling("jnp.linalg.solve({0}, {1})")
    return found


def _jax_helpers() -> dict[str, Spelling]:
    found = {}
    for name, text in PROGRAMS["numpy"].helpers.items():
        if name in (*_SCIPY, "sigmoid", "erf", "softmax"):
            continue
        text = text.replace("np.", "jnp.").replace(
            "minors[(..., *rows)] = s[..., others].prod(-1)",
            "kept = s[..., jnp.array(others, int)]\n"
            "        minors = minors.at[(..., *rows)].set(kept.prod(-1))",
        )
        text = text.replace("r[..., -1] = jnp.inf", "r = r.at[..., -1].set(jnp.inf)")
        found[name] = Spelling(text, "import itertools" if name == "cofactors" else "")
    return found


JAX = Library("jax", "jnp", "import jax.numpy as jnp", _jax_functions(), _jax_helpers())

# -- PyTorch ---------------------------------------------------------------------------

TORCH = Library(
    "torch",
    "torch",
    "import torch",
    {
        **_spelled(PROGRAMS["torch"].functions, module="torch"),
        "solve": Spelling("torch.linalg.solve({0}, {1})"),
    },
    _helpers(PROGRAMS["torch"], {"cofactors": "import itertools"}),
    order="permute",
    axis="dim",
)

# -- the array API ---------------------------------------------------------------------

_ENTRYWISE = ("exp", "expm1", "log", "log1p", "abs", "sign", "conj")
_CIRCULAR = ("sin", "cos", "tan", "sinh", "cosh", "tanh")

_STANDARD_HELPERS = {
    "sigmoid": """\
def {name}(xp, x):
    e = xp.exp(-xp.abs(x))
    return xp.where(x >= 0, xp.ones_like(e), e) / (1 + e)
""",
    "softmax": """\
def {name}(xp, x):
    e = xp.exp(x - xp.max(x, axis=-1, keepdims=True))
    return e / xp.sum(e, axis=-1, keepdims=True)
""",
    "lse": """\
def {name}(xp, x):
    top = xp.max(x, axis=-1, keepdims=True)
    return xp.log(xp.sum(xp.exp(x - top), axis=-1)) + xp.squeeze(top, axis=-1)
""",
    "rnorm": """\
def {name}(xp, x, axes):
    r = xp.sqrt(xp.sum(x * x, axis=axes))
    one = xp.ones_like(r)
    return xp.where(r == 0, xp.zeros_like(r), one / xp.where(r == 0, one, r))
""",
    "logofdet": """\
def {name}(xp, x):
    sign, size = xp.linalg.slogdet(x)
    return xp.log(sign) + size
""",
    "eigvalsh": """\
def {name}(xp, x):
    return xp.linalg.eigvalsh((x + x.mT) / 2)
""",
    "eigmax": """\
def {name}(xp, x):
    return xp.linalg.eigvalsh((x + x.mT) / 2)[..., -1]
""",
    "cholesky": """\
def {name}(xp, x):
    return xp.linalg.cholesky((x + x.mT) / 2)
""",
    "polar": """\
def {name}(xp, x):
    u, s, v = xp.linalg.svd(x, full_matrices=False)
    return u @ v
""",
}

STANDARD = Library(
    "array_api",
    "xp",
    "from array_api_compat import array_namespace",
    {
        **{name: Spelling(f"xp.{name}({{0}})") for name in (*_ENTRYWISE, *_CIRCULAR)},
        **{f"a{name}": Spelling(f"xp.a{name}({{0}})") for name in _CIRCULAR},
        "cbrt": Spelling("xp.sign({0}) * xp.abs({0}) ** (1 / 3)"),
        "atan2": Spelling("xp.atan2({0}, {1})"),
        "pow": Spelling("xp.pow({0}, {1})"),
        "where": Spelling("xp.where({0} != 0, {1}, {2})"),
        "max": Spelling("xp.maximum({0}, {1})"),
        "min": Spelling("xp.minimum({0}, {1})"),
        "relu": Spelling("xp.maximum({0}, xp.zeros_like({0}))"),
        "heaviside": Spelling("xp.astype({0} > 0, {0}.dtype)"),
        "softplus": Spelling("xp.logaddexp({0}, xp.zeros_like({0}))"),
        "inv": Spelling("xp.linalg.inv({0})"),
        "det": Spelling("xp.linalg.det({0})"),
        "logdet": Spelling("xp.linalg.slogdet({0})[1]"),
        "pinv": Spelling("xp.linalg.pinv({0})"),
        "svdvals": Spelling("xp.linalg.svdvals({0})"),
        "norm_nuclear": Spelling('xp.linalg.matrix_norm({0}, ord="nuc")'),
        "solve": Spelling("xp.linalg.solve({0}, {1})"),
    },
    {name: Spelling(text) for name, text in _STANDARD_HELPERS.items()},
    methods=False,
)

LIBRARIES = {library.name: library for library in (NUMPY, JAX, TORCH, STANDARD)}
