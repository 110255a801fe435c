"""Every rival of a case among the libraries installed here, ours included."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec

from ..cases import CASES
from . import einsum_engines, ours
from .record import Rival

#: The libraries, and the modules of their forms.
MODULES: dict[str, tuple[str, ...]] = {
    "numpy": ("numpy_worked", "numpy_fitting", "numpy_network", "numpy_networks"),
    "scipy": ("numpy_algebra",),
    "jax": ("jax_forms",),
    "torch": ("torch_forms",),
    "numba": ("numba_forms",),
    "numexpr": ("numexpr_forms",),
    "tensorgrad": ("tensorgrad_forms",),
}

#: The columns of the printed table, in order.
COLUMNS = (
    "NumPy",
    "numba",
    "numexpr",
    "JAX autodiff",
    "JAX closed form",
    "torch autodiff",
    "torch closed",
    "torch compiled",
    "opt_einsum",
    "cotengra",
    "np.einsum",
    "tensorgrad",
)

#: The columns that run on other devices too.
ON_DEVICES = (
    "JAX autodiff",
    "JAX closed form",
    "torch autodiff",
    "torch closed",
    "torch compiled",
)


def missing() -> list[str]:
    """The peers that are not installed."""
    wanted = [*MODULES, "opt_einsum", "cotengra"]
    return [name for name in wanted if find_spec(name) is None]


@lru_cache(maxsize=1)
def peers() -> dict[str, list[Rival]]:
    """The installed peers of every case."""
    found: dict[str, list[Rival]] = {name: [] for name in CASES}
    for library, modules in MODULES.items():
        if find_spec(library) is None:
            continue
        for module in modules:
            table = import_module(f".{module}", __package__).TABLE
            for rival in table.rivals:
                found[rival.case].append(rival)
    for rival in einsum_engines.rivals():
        found[rival.case].append(rival)
    return found


def contenders(
    name: str,
    device: str = "cpu",
    backends: tuple[str, ...] = ("numpy",),
    inductor: bool = False,
) -> list[Rival]:
    """Ours first, then the peers; on another device those that run there. `inductor`
    adds PyTorch's closed forms as `torch.compile` makes them."""
    others = peers()[name]
    if inductor and find_spec("torch"):
        from .torch_forms import compiled

        others = others + [r for r in map(compiled, others) if r is not None]
    if device != "cpu":
        others = [rival for rival in others if rival.column in ON_DEVICES]
    return [*ours.rivals(CASES[name], backends), *others]


def reference(name: str) -> Rival:
    """The first form by hand: what every answer is compared with."""
    return next(rival for rival in peers()[name] if rival.column == "NumPy")
