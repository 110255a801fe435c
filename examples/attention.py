"""Attention: the gradients of softmax(Q Kᵀ/√k) V by the input and by every weight.

First one head, so that the program can be read; then several, whose gradients are
compared with those of JAX and PyTorch, where they are installed, and with a difference
quotient. The compiled function also runs on JAX arrays, inside `jax.jit`.

Run it with `python examples/attention.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec

import numpy as np

import indexcalc as ic

Arrays = Mapping[str, np.ndarray]
Gradients = tuple[np.ndarray, ...]

#: The input (n tokens of d numbers) and the weights of h heads; G weighs the outputs.
NAMES = ("X", "Q", "K", "V")


def one_head() -> ic.Expression:
    """sum(G ∘ softmax(s QKᵀ) V), the softmax over rows."""
    Q, K = ic.tensor("Q", "n k"), ic.tensor("K", "m k")
    V, G, s = ic.tensor("V", "m v"), ic.tensor("G", "n v"), ic.tensor("s", "")
    return np.sum(G * (ic.numpy.softmax(s * (Q @ K.T), axis=-1) @ V))


def heads() -> ic.Expression:
    """The same with projections Q, K and V of every head."""
    X, s = ic.tensor("X", "n d"), ic.tensor("s", "")
    shapes = {"Q": "h d k", "K": "h d k", "V": "h d v"}
    weights = [ic.tensor(name, shape) for name, shape in shapes.items()]
    q, k, v = (ic.einsum("nd,hdk->hnk", X, W) for W in weights)
    shares = ic.numpy.softmax(s * ic.einsum("hik,hjk->hij", q, k), axis=-1)
    return np.sum(ic.tensor("G", "h n v") * ic.einsum("hij,hjv->hiv", shares, v))


def drawn(n: int, d: int, h: int, k: int) -> dict[str, np.ndarray]:
    """Random arrays."""
    rng = np.random.default_rng(0)
    shapes = {"X": (n, d), "Q": (h, d, k), "K": (h, d, k), "V": (h, d, k)}
    arrays = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    return {**arrays, "G": rng.normal(size=(h, n, k)), "s": np.array(k**-0.5)}


def by_jax(arrays: Arrays) -> Gradients:
    """The gradients by JAX."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def loss(X: jax.Array, Q: jax.Array, K: jax.Array, V: jax.Array) -> jax.Array:
        q, k, v = (jnp.einsum("nd,hdk->hnk", X, W) for W in (Q, K, V))
        shares = jax.nn.softmax(arrays["s"] * jnp.einsum("hik,hjk->hij", q, k), -1)
        return jnp.sum(arrays["G"] * jnp.einsum("hij,hjv->hiv", shares, v))

    found = jax.grad(loss, argnums=(0, 1, 2, 3))(*(arrays[name] for name in NAMES))
    return tuple(map(np.asarray, found))


def by_torch(arrays: Arrays) -> Gradients:
    """The gradients by PyTorch, of its own attention, which divides by √k."""
    import torch

    given = {name: torch.tensor(arrays[name], requires_grad=True) for name in NAMES}
    X, *weights = given.values()
    q, k, v = (torch.einsum("nd,hdk->hnk", X, W) for W in weights)
    out = torch.nn.functional.scaled_dot_product_attention(q, k, v)
    torch.sum(torch.tensor(arrays["G"]) * out).backward()
    return tuple(given[name].grad.numpy() for name in NAMES)


def under_jit(arrays: Arrays) -> Gradients:
    """Our own gradients, by JAX's compiler."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    loss = heads()
    ours = ic.compile([loss.gradient(name) for name in NAMES])
    found = jax.jit(lambda given: ours(given))(
        {name: jnp.asarray(array) for name, array in arrays.items()}
    )
    return tuple(map(np.asarray, found))


#: Others who answer, and what they need.
PEERS: dict[str, tuple[str, Callable[[Arrays], Gradients]]] = {
    "JAX": ("jax", by_jax),
    "PyTorch": ("torch", by_torch),
    "ours under jax.jit": ("jax", under_jit),
}


def slope(arrays: Arrays, gradients: Gradients, step: float = 1e-4) -> float:
    """The difference quotient of the loss along the gradient, over its length."""
    loss, given = heads().compile(), dict(zip(NAMES, gradients, strict=True))
    length = np.sqrt(sum(float(np.sum(g * g)) for g in gradients))
    ends = [
        float(loss({**arrays, **{n: arrays[n] + t * g for n, g in given.items()}}))
        for t in (step / length, -step / length)
    ]
    return (ends[0] - ends[1]) / (2 * step * length)


def apart(ours: Gradients, theirs: Gradients) -> float:
    """The largest difference, relative to the largest entry of its gradient."""
    pairs = zip(ours, theirs, strict=True)
    return max(float(np.abs(a - b).max() / np.abs(b).max()) for a, b in pairs)


def main(n: int = 64, d: int = 32, h: int = 4, k: int = 8) -> dict[str, float]:
    """Prints the gradients and compares them; answers the relative differences."""
    head = one_head()
    print(f"one head, by Q\n{head.gradient('Q').code()}")
    print(f"one head, by V\n{head.gradient('V').code()}")
    arrays, loss = drawn(n, d, h, k), heads()
    gradients = ic.compile([loss.gradient(name) for name in NAMES])(arrays)
    differences = {}
    for peer, (module, ask) in PEERS.items():
        if find_spec(module) is None:
            print(f"{peer}: not installed")
            continue
        differences[peer] = apart(gradients, ask(arrays))
    differences["a difference quotient"] = abs(slope(arrays, gradients) - 1)
    for peer, error in differences.items():
        print(f"{peer}: largest relative difference {error:.1e}")
    return differences


if __name__ == "__main__" and max(main().values()) > 1e-6:
    raise SystemExit("these are not the gradients")
