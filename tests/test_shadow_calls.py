"""Every call that written programs make, on shadows and on arrays: alike in all but
entries, and the memory that each call passes through."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from indexcalc.planning.layouts import (
    Layout,
    alike,
    cut,
    diagonal,
    in_order,
    reshaped,
    spread,
    together,
    turned,
)
from indexcalc.planning.memory import Given, memory_of
from indexcalc.planning.shadow_numpy import ShadowNumpy, is_shadow, visited
from indexcalc.planning.shadow_scipy import lent
from indexcalc.planning.shadows import Memory, Meter, NoShadowError, Shadow, made
from tests.test_shadows import same

SHAPES = {
    "x": (4, 5),
    "y": (5, 6),
    "z": (4, 5),
    "q": (4, 4),
    "v": (5,),
    "w": (4,),
    "T": (3, 4, 5),
    "R": (3, 5, 2),
    "B": (2, 4, 4),
    "one": (1, 5),
    "none": (0, 5),
    "big": (200, 300),
}


def real(shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """An array with regular matrices in it."""
    array = np.linspace(0.5, 1.5, int(np.prod(shape))).reshape(shape)
    return array + 9 * np.eye(*shape[-2:]) if len(shape) > 1 else array


ARRAYS: dict[str, Any] = {name: real(shape) for name, shape in SHAPES.items()}
ARRAYS |= {"c": ARRAYS["x"] + 1j, "h": ARRAYS["x"].astype("f4")}
ARRAYS |= {"i": np.array([1, 2, 0]), "j": np.array([[0, 1], [2, 1]])}
ARRAYS |= {"mask": ARRAYS["v"] > 0.9}


def shadows(meter: Meter) -> dict[str, Any]:
    """The same arrays without entries; numbers of places stay."""
    return {
        name: Shadow(meter, in_order(a.shape), a.dtype, Memory(meter, a.nbytes))
        for name, a in ARRAYS.items()
        if name not in ("i", "j")
    } | {name: ARRAYS[name] for name in ("i", "j")}


CALLS = """
np.empty((2, 3)) | np.empty(4) | np.empty((), 'f4') | np.zeros((2, 3), complex)
np.ones(3) | np.full((2, 3), 1.5) | np.full(3, 1j) | np.full((2,), 1, float)
np.full(3, v[0]) | np.empty_like(x) | np.empty_like(x.T) | np.zeros_like(x.T, complex)
np.ones_like(T.transpose(1, 0, 2)) | np.eye(3) | np.eye(3, dtype='f4') | np.arange(5)
np.arange(2, 7) | np.arange(2, 9, 3) | np.array(x, 'f4') | np.array([v, v])
np.array([1.0, 2.0]) | np.asarray(x) | np.asarray(x, 'f4') | np.asarray(3.0)
np.asarray([v, v]) | np.ascontiguousarray(x) | np.ascontiguousarray(x.T)
np.ascontiguousarray(x[:, ::2]) | np.broadcast_to(v, (4, 5))
np.broadcast_to(w[:, None], (4, 7)) | np.broadcast_to(2.0, 3)
np.broadcast_to(one, (4, 5)) | np.take(x, i, axis=0) | np.take(x, i, axis=1)
np.take(T, j, axis=1) | np.take(x, i, axis=-1) | np.take(T, i, axis=-2)
np.where(x > 1, x, z) | np.where(x > 1, x, 0.0) | np.where(mask, v, 1.0)
np.where(x > 1, h, 1j) | np.diag(v) | np.swapaxes(T, 0, 2) | np.swapaxes(T, 1, -1)
np.stack([x, z]) | np.stack([x, z], axis=1) | np.stack([x, z], axis=-1)
np.stack([x, z], -2) | np.concatenate([x, z]) | np.concatenate([x, z[:, :2]], axis=1)
np.concatenate([x, z[:1]], 0) | np.concatenate([T, T], -1) | np.iscomplexobj(x)
np.iscomplexobj(c) | np.isrealobj(x) | np.isrealobj(c) | np.iscomplexobj(1j)
np.isrealobj(1.0) | np.result_type(x, h) | np.result_type(h, 1.0) | np.result_type(c, x)
np.result_type(h, 'f8') | np.matmul(x, y) | np.matmul(x, v) | np.matmul(w, x)
np.matmul(v, v) | np.matmul(T, y) | np.matmul(B, B) | np.matmul(x, T.transpose(0, 2, 1))
np.matmul(h, y) | np.matmul(x, c.T) | x @ y | T @ v | v @ y | T @ R
np.matmul(x, y, out=np.empty((4, 6))) | np.dot(x, y) | np.dot(x, v) | np.dot(v, v)
np.dot(x[:, ::2], y[::2]) | np.tensordot(x, y, axes=((1,), (0,)))
np.tensordot(T, x, axes=((1, 2), (0, 1))) | np.tensordot(T, x, axes=((2, 1), (1, 0)))
np.tensordot(T, y, axes=((-1,), (0,))) | np.tensordot(T, R, axes=((0,), (0,)))
np.tensordot(w, v, axes=((), ())) | np.tensordot(none, none, axes=((0,), (0,)))
np.einsum('ij,jk->ik', x, y) | np.einsum('ij->ji', x) | np.einsum('ii->i', q)
np.einsum('ij->i', x) | np.einsum('ij,ij->', x, z) | np.einsum('aij,aij->ja', B, B)
np.einsum('aii->ia', B) | np.einsum('i,j->ji', w, v) | np.einsum('ij,ij->ij', x, c)
np.einsum('aii->i', B) | np.einsum('ij,jk->ik', x, y, out=np.empty((4, 6)))
np.einsum('iaa->ai', B) | np.einsum('ii,i->i', q, w) | np.trace(q) | np.exp(x)
np.exp(x.T) | np.log(v) | np.add(x, v) | np.multiply(x, w[:, None]) | np.maximum(x, 0.0)
np.power(x, 2) | np.exp(x, out=np.empty((4, 5))) | np.power(h, 2) | np.power(x, 0.5)
np.add(h, 1) | np.add(h, x) | np.add(h, 1j) | np.sqrt(h) | np.sign(c) | np.add.reduce(x)
np.add.reduce(x, axis=1) | np.maximum.reduce(T, axis=1) | np.add(x[0], x)
np.add(x, z.T.T) | np.greater(x, z) | np.isfinite(x) | x + z | x - v | x * 2 | 2 * x
x / z | 1 / x | x ** 2 | x ** z | 2 ** x | x % 2 | x // z | x < z | x <= 1 | x > z
x >= 1 | x == z | x != z | -x | x + 1j | h + 1.0 | h * x | x.T + x.T | x.T + z.T
x + 0 * v | (x + z) * z | (x * z) ** 2 | -(x * z) | 3 + 4 | 2 ** 5 | -7 | 3 < 4 | x.T
T.T | x.shape | x.ndim | x.size | x.nbytes | len(x) | x.dtype | T.transpose(2, 0, 1)
T.transpose((1, 0, 2)) | T.swapaxes(0, 1) | x.reshape(20) | x.reshape(2, -1)
x.reshape((5, 4)) | x.T.reshape(-1) | x.T.reshape(5, 2, 2) | T.reshape(12, 5)
T[:, ::2].reshape(-1) | none.reshape(-1) | x[0] | x[1, 2] | x[:, 1] | x[..., None]
x[None] | x[::2, 1:] | T[..., 0] | T[0, ..., 1] | T[:, None, 1:3] | x[-1]
v[None, :, None] | x[1:, -2:] | x[i] | x[:, i] | T[..., i] | T[i] | T[j] | v[mask]
x[:, mask] | x[i, None] | T[:, i, 1:] | T[i, :, 0] | T[None, :, i] | x[i][:, 1:]
T[0, i] | q.diagonal() | x.diagonal() | T.diagonal() | x.copy() | x.T.copy()
x.astype('f4') | x.astype(float, copy=False) | x.sum() | x.sum(0) | x.sum(axis=1)
x.sum(axis=(0, 1)) | T.sum(axis=(0, 2)) | T.sum(axis=-1, keepdims=True)
x.sum(keepdims=True) | x.prod() | T.prod(axis=1) | T.max(axis=1) | x.max(keepdims=True)
x.max(axis=-1, keepdims=True) | x.sum(axis=0, out=np.empty(5)) | x[0, 0].sum()
c.sum(0) | [r for r in x][1] | sum([x, z]) | sum([1, 2]) | np.linalg.inv(q)
np.linalg.inv(B) | np.linalg.pinv(x) | np.linalg.pinv(T) | np.linalg.solve(q, x)
np.linalg.solve(q, w) | np.linalg.det(B) | np.linalg.det(q) | np.linalg.slogdet(B)
np.linalg.cholesky(q) | np.linalg.eigh(B) | np.linalg.eigvalsh(B)
np.linalg.svd(x, full_matrices=False) | np.linalg.svd(x.T, full_matrices=False)
np.linalg.svd(x) | np.linalg.svd(x.T) | np.linalg.svd(T, full_matrices=False)
np.linalg.svd(x, compute_uv=False) | np.linalg.norm(x) | np.linalg.norm(x, axis=1)
np.linalg.norm(x, 2, 0) | np.triu_indices(4) | np.pi | np.inf | np.float64
np.dtype('f4') | np.prod((2, 3))
""".replace("\n", " | ").split(" | ")
CALLS = [text.strip() for text in CALLS if text.strip()]

#: Those whose strides NumPy chooses in ways that no program depends on.
LOOSE = (
    "linalg",
    "np.take",
    "mask",
    "np.dot",
    "tensordot",
    "np.where",
    "triu",
    "[i",
    "[j",
)


def answers(found: Any) -> list[Any]:
    """What a call answers, one by one."""
    return list(found) if isinstance(found, tuple) else [found]


def run_on_shadows(text: str, scope: dict[str, Any]) -> Any:
    """A text as `memory_of` runs it."""
    from indexcalc.planning.memory import MODULE, Operations, _rewritten, _total

    module = ShadowNumpy(scope["meter"])
    scope |= {"np": module, "sum": _total, MODULE: Operations(module)}
    exec(_rewritten(f"found = {text}"), scope)
    return scope["found"]


@pytest.mark.parametrize("text", CALLS)
def test_calls(text: str) -> None:
    """Shapes, dtypes, strides and what is a view of what are NumPy's."""
    scope: dict[str, Any] = {"np": np, **{k: a.copy() for k, a in ARRAYS.items()}}
    expected = answers(eval(text, scope))
    meter = Meter()
    found = answers(run_on_shadows(text, {"meter": meter, **shadows(meter)}))
    assert len(found) == len(expected)
    for shadow, array in zip(found, expected, strict=True):
        if not isinstance(shadow, Shadow):
            assert np.array_equal(shadow, array)
            continue
        array = np.asarray(array)
        assert (shadow.shape, shadow.dtype) == (array.shape, array.dtype)
        assert (shadow.ndim, shadow.size) == (array.ndim, array.size)
        assert shadow.nbytes == array.size * array.itemsize
        if not any(part in text for part in LOOSE) and array.size:
            assert same(shadow.layout, array)


VIEWS = {
    "x": True,
    "x.T": True,
    "np.asarray(x)": True,
    "np.array(x)": False,
    "x.copy()": False,
    "x[1:]": True,
    "x[i]": False,
    "x[None, ..., 0]": True,
    "x.reshape(-1)": True,
    "x.T.reshape(-1)": False,
    "np.broadcast_to(v, (4, 5))": True,
    "q.diagonal()": True,
    "np.einsum('ii->i', q)": True,
    "np.einsum('ij->i', x)": False,
    "np.ascontiguousarray(x)": True,
    "np.ascontiguousarray(x.T)": False,
    "x.astype(float, copy=False)": True,
    "x.astype(float)": False,
    "np.swapaxes(x, 0, 1)": True,
    "x + 0": False,
}


@pytest.mark.parametrize("text", VIEWS)
def test_views(text: str) -> None:
    """A view is in the memory of what it is a view of; nothing else is."""
    scope: dict[str, Any] = {"np": np, **ARRAYS}
    inputs = [ARRAYS[name] for name in ("x", "q", "v")]
    array = eval(text, scope)
    assert any(np.may_share_memory(array, a) for a in inputs) == VIEWS[text]
    meter = Meter()
    given = shadows(meter)
    before = meter.now
    found = run_on_shadows(text, {"meter": meter, **given})
    memories = [given[name].memory for name in ("x", "q", "v")]
    assert any(found.memory is m for m in memories) == VIEWS[text]
    assert (meter.now - before) == (0 if VIEWS[text] else found.nbytes)


#: The bytes that a call holds at most beside its arguments, on a 200×300 array.
PASSING = {
    "big @ big.T": 8 * 200 * 200,
    "big[:, ::2] @ big[0, ::2]": 8 * 200,
    "big[0, ::2] @ big[:150, ::2]": 8 * 150,
    "np.exp(big)": 8 * 60_000,
    "np.dot(big[:, ::2], big[:, ::2].T)": 8 * (2 * 200 * 150 + 200 * 200),
    "np.take(big.T, i, axis=0)": 8 * (3 * 200 + 60_000),
    "np.take(big, i, axis=0)": 8 * 3 * 300,
    "np.matmul(big, big.T, out=np.empty((200, 200)))": 8 * 40_000,
    "np.matmul(big, big.T, out=np.empty((200, 400))[:, ::2])": 8 * 120_000,
    "np.linalg.inv(big[:, :200])": 8 * 3 * 40_000,
    "np.linalg.det(big[:, :200])": 8 * 40_000,
    "np.linalg.slogdet(big[:, :200])": 8 * 40_000,
    "np.linalg.cholesky(big[:, :200])": 8 * 2 * 40_000,
    "np.linalg.eigh(big[:, :200])": 8 * (200 + 4 * 40_000),
    "np.linalg.eigvalsh(big[:, :200])": 8 * 40_000,
    "np.linalg.pinv(big)": 8 * 8 * 60_000,
    "np.linalg.svd(big, compute_uv=False)": 8 * (200 + 60_000),
    "np.linalg.norm(big)": 8 * 60_000,
    "np.linalg.solve(big[:, :200], big)": 8 * (60_000 + 40_000 + 60_000),
    "np.triu_indices(200)": 2 * 40_000 + 16 * 40_200,
    "big * 2 + big": 8 * 60_000,
    "(big * 2) / 3 - 1": 8 * 60_000,
    "(big * 2) ** 2": 8 * 60_000,
    "(big * 2) ** 3": 8 * 120_000,
    "3 - (big * 2)": 8 * 120_000,
    "3 + (big * 2)": 8 * 60_000,
    "3 / (big * 2)": 8 * 120_000,
    "-(big * 2)": 8 * 60_000,
    "(big * 2) + 1j": 8 * 180_000,
    "(big[:100, :300] * 2) * 2": 8 * 60_000,
    "(big[:100, :327] * 2) * 2": 8 * 60_000,
    "(h * 2) * x": 4 * 20 + 8 * 20,
    "[big.copy(), None][0].T * 1": 8 * 120_000,
}


@pytest.mark.parametrize("text", PASSING)
def test_what_passes(text: str) -> None:
    """LAPACK's copies, those of BLAS, and what operators write into."""
    meter = Meter()
    given = shadows(meter)
    before = meter.now
    meter.peak = before
    run_on_shadows(text, {"meter": meter, **given})
    assert meter.peak - before == PASSING[text]


UPDATES = {
    "t += x": 0,
    "t += t.T": 8 * 16,
    "t += t": 0,
    "t *= 2": 0,
    "t[0] += t[:, 0]": 8 * 4,
    "t[1:] -= x[1:]": 0,
}


@pytest.mark.parametrize("text", UPDATES)
def test_updates(text: str) -> None:
    """What lies otherwise in the same memory is copied first."""
    meter = Meter()
    x = made(meter, in_order((4, 4)), np.dtype(float))
    t = made(meter, in_order((4, 4)), np.dtype(float))
    from indexcalc.planning.memory import MODULE, Operations, _rewritten

    before = meter.now
    scope: dict[str, Any] = {"x": x, "t": t, MODULE: Operations(ShadowNumpy(meter))}
    exec(_rewritten(text), scope)
    assert meter.peak - before == UPDATES[text]
    assert scope["t"] is t


def test_numbers_are_updated_as_numbers() -> None:
    """A counter counts; a number that meets a shadow becomes one."""
    module = ShadowNumpy(Meter())
    assert module.updated("+", 2, 3) == 5
    assert module.binary("**", 2, 5, True, True) == 32
    assert module.unary("-", 4, True) == -4
    assert module.unary("+", 4, True) == 4
    assert is_shadow(module.updated("+", 0, module.ones(3)))


MATRICES = ("expm", "logm", "sqrtm", "sinm", "cosm")
SCIPY: dict[str, tuple[str, int]] = {
    # A call on q, 40×40, or u, 40×5; the bytes at most beside them.
    "softmax(q, axis=1)": ("40×40 d", 8 * 3 * 1600),
    "logsumexp(q, axis=1)": ("40 d", 8 * (6 * 1600 + 40)),
    "expm(q)": ("40×40 d", 8 * 9 * 1600),
    "logm(q)": ("40×40 d", 8 * 21 * 1600),
    "sqrtm(q)": ("40×40 d", 8 * 9 * 1600),
    "sinm(q)": ("40×40 d", 8 * 21 * 1600),
    "cosm(q)": ("40×40 d", 8 * 21 * 1600),
    "lu_factor(q)": ("40×40 F d, 40 i", 8 * 1600 + 4 * 40),
    "lu_factor(q, overwrite_a=True)": ("40×40 d, 40 i", 4 * 40),
    "lu_solve((q, u), u)": ("40×5 F d", 8 * 200),
    "cho_factor(q, lower=True)": ("40×40 F d, True", 8 * 1600),
    "cho_factor(q)": ("40×40 F d, False", 8 * 1600),
    "cho_solve((q, True), u)": ("40×5 F d", 8 * (200 + 1600)),
    "solve_triangular(q, u)": ("40×5 F d", 8 * 200),
    "getrf(q)": ("40×40 F d, 40 i, 0", 8 * 1600 + 4 * 40),
    "getrf(q, overwrite_a=True)": ("40×40 d, 40 i, 0", 4 * 40),
    "getri(q, u, lwork=100)": ("40×40 F d, 0", 8 * 1600),
    "getri(q, u, lwork=100, overwrite_lu=True)": ("40×40 d, 0", 800),
    "getri_lwork(40)": ("2560.0, 0", 0),
    "getrs(q, u, u)": ("40×5 F d, 0", 8 * 200),
    "potrf(q)": ("40×40 F d, 0", 8 * 1600),
    "potrf(q, overwrite_a=1)": ("40×40 d, 0", 0),
    "potri(q, overwrite_c=True)": ("40×40 d, 0", 0),
    "potrs(q, u)": ("40×5 F d, 0", 8 * 200),
}


def said(value: Any) -> str:
    """A shadow as its shape, its order where it is not C's, and its dtype."""
    if not isinstance(value, Shadow):
        return str(value)
    lengths = "×".join(map(str, value.shape))
    order = "" if value.layout == in_order(value.shape) else " F"
    return f"{lengths}{order} {value.dtype.char}"


@pytest.mark.parametrize("text", SCIPY)
def test_scipy(text: str) -> None:
    """Which copies SciPy's functions and LAPACK's routines hold."""
    meter = Meter()
    module = ShadowNumpy(meter)
    q, u = module.ones((40, 40)), module.ones((40, 5))
    before = meter.now
    routines = ["getrf", "getri", "getri_lwork", "getrs", "potrf", "potri", "potrs"]
    bound = lent(module, "get_lapack_funcs", None)(routines, (q,))
    scope: dict[str, Any] = dict(zip(routines, bound, strict=True))
    for name in ("softmax", "logsumexp", "solve_triangular", *MATRICES):
        scope[name] = lent(module, name, None)
    for name in ("lu_factor", "lu_solve", "cho_factor", "cho_solve"):
        scope[name] = lent(module, name, None)
    found = eval(text, {**scope, "q": q, "u": u})
    expected, bytes_ = SCIPY[text]
    assert ", ".join(map(said, answers(found))) == expected
    assert meter.peak - before == bytes_


def test_what_is_not_known_is_refused() -> None:
    """Other functions, other routines, other methods, and truths."""
    module = ShadowNumpy(Meter())
    x = module.ones((2, 2))
    with pytest.raises(NoShadowError, match="quad"):
        lent(module, "quad", None)(x)
    with pytest.raises(NoShadowError, match="gesvd"):
        lent(module, "get_lapack_funcs", None)(("getrf", "gesvd"), (x,))
    with pytest.raises(NoShadowError, match="cumsum"):
        x.cumsum()
    with pytest.raises(NoShadowError, match="truth"):
        bool(x)
    with pytest.raises(NoShadowError, match=r"np\.unique"):
        _ = module.unique
    with pytest.raises(TypeError, match="without axes"):
        len(x.sum())
    assert not x.any()
    assert x.all()
    with module.errstate(divide="ignore"):
        pass


def test_ufuncs_are_lent() -> None:
    """SciPy's as NumPy's."""
    module = ShadowNumpy(Meter())
    found = lent(module, "anything", np.exp)(module.ones((3, 4)).T)
    assert (found.shape, found.layout.strides) == ((4, 3), (1, 4))


def test_ranges_are_cut_short() -> None:
    """The first two and the last; all of a short one."""
    assert list(visited(3)) == [0, 1, 2]
    assert list(visited(4)) == [0, 1, 3]
    assert list(visited(2, 30, 5)) == [2, 7, 27]
    assert list(visited(0)) == []


# -- layouts ---------------------------------------------------------------------------


def test_layouts() -> None:
    """Strides by hand."""
    c = in_order((2, 3, 4))
    assert c == Layout((2, 3, 4), (12, 4, 1))
    assert (c.size, c.contiguous) == (24, True)
    assert in_order((2, 3), (1, 0)).strides == (1, 2)
    assert not in_order((2, 3), (1, 0)).contiguous
    assert turned(c, (2, 0, 1)) == Layout((4, 2, 3), (1, 12, 4))
    assert cut(c, (slice(None), 1)) == Layout((2, 4), (12, 1))
    assert cut(c, (None, ..., slice(0, 4, 2))) == Layout((1, 2, 3, 2), (0, 12, 4, 2))
    assert diagonal(in_order((3, 3, 2)), "iij") == Layout((3, 2), (8, 1))
    assert spread(in_order((3, 1)), (2, 3, 4)) == Layout((2, 3, 4), (0, 1, 0))
    assert together([in_order((3, 1)), in_order((4,)), in_order(())]) == (3, 4)
    assert together([]) == ()
    assert alike([turned(in_order((3, 4)), (1, 0))], (4, 3)).strides == (1, 4)
    assert reshaped(c, (6, 4)) == Layout((6, 4), (4, 1))
    assert reshaped(turned(c, (2, 0, 1)), (4, 6)) == Layout((4, 6), (1, 4))
    assert reshaped(turned(c, (1, 0, 2)), (6, 4)) is None
    assert reshaped(in_order((2, 0)), (0, 5)) == in_order((0, 5))


def test_a_meter_counts() -> None:
    """What is held, the most, the largest."""
    meter = Meter()
    first = Memory(meter, 100)
    meter.passing(50)
    assert (meter.now, meter.peak, meter.largest) == (100, 150, 100)
    second = Memory(meter, 40)
    assert (meter.now, meter.peak, meter.largest) == (140, 150, 100)
    del first
    meter.passing(100)
    assert (meter.now, meter.peak) == (40, 150)
    del second
    assert meter.now == 0


HEAD = "import numpy as np\n\n\n"


def test_results_of_their_own() -> None:
    """A view of an input is copied, a new array is not; as it is told otherwise."""
    text = f"{HEAD}def f(x):\n    return x.T, x * 2\n"
    unit = 8 * 100 * 100
    for copies, held in (((), 2), ((False, False), 1), ((True, True), 3)):
        given = Given({}, copies=copies)
        found = memory_of(text, "f", [(100, 100)], "d", given)
        assert found.inputs == unit
        assert found.peak == (1 + held) * unit
        assert found.largest == unit
    single = memory_of(text, "f", [(100, 100)], "f")
    assert single.inputs == unit // 2


def test_shares_hold_what_each_holds() -> None:
    """Parts of the work side by side: as many times the memory of one."""
    text = (
        f"{HEAD}def shares(work, length, parts):\n    pass\n\n\n"
        "def f(x):\n"
        "    out = np.empty(400)\n\n"
        "    def work(a, b):\n"
        "        out[a:b] = np.exp(x[a:b]).sum(1)\n\n"
        "    shares(work, 400, 4)\n"
        "    return out\n"
    )
    found = memory_of(text, "f", [(400, 100)], "d")
    # Each of four shares holds 100×100 entries, and 100 sums.
    assert found.peak - found.inputs == 8 * (400 + 4 * (10_000 + 100))


def test_misuse_is_told() -> None:
    """A call that NumPy would refuse has no memory."""
    text = f"{HEAD}def f(x):\n    return x.reshape(3, 'a')\n"
    with pytest.raises(NoShadowError, match="f: "):
        memory_of(text, "f", [(2, 2)], "d")
