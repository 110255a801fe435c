"""Answers that people gave to questions about derivatives, and what each of them is.

Functions are in the text language, answers in whatever notation suits; `kind` is the
verdict that is due. Most are from the questions of `questions.py`.
"""

from __future__ import annotations

from typing import NamedTuple


class Answer(NamedTuple):
    """A function, the variable, an answer, the verdict; shapes by name."""

    id: str
    function: str
    variable: str
    text: str
    kind: str
    shapes: dict[str, str]
    order: int = 1


def row(
    id: str, function: str, by: str, text: str, kind: str, order: int = 1, **shapes: str
) -> Answer:
    return Answer(id, function, by, text, kind, shapes, order)


VECTORS = {"x": "n", "y": "n", "z": "n"}
EQUAL = "equal"

#: Right as they stand.
RIGHT = (
    row("had-inner-a", "(x.*y)'*z", "x", "z∘y", EQUAL, **VECTORS),
    row("had-inner-b", "(x.*y)'*(x.*y)", "x", "2x∘y∘y", EQUAL, x="n", y="n"),
    row(
        "had-inner-c", "normsq(x - al.*y)", "al", "2(al∘y - x)∘y", EQUAL,
        x="n", al="n", y="n",
    ),
    row(
        "wmf-trace-U", "tr((W.*(A-U*V'))'*(W.*(A-U*V')))", "U",
        "2(W∘W∘(UV^T - A))V", EQUAL, U="m r", V="n r", W="m n", A="m n",
    ),
    row(
        "tr-XtX-A-sq", "tr((X'*X-A)'*(X'*X-A))", "X", "4XX^TX - 2XA - 2XA^T", EQUAL,
        X="m n", A="n n",
    ),
    row(
        "lowrank-xx-g", "normsq(A - x*x')/4", "x", "(xx^T - A)x", EQUAL,
        x="n", A="n n : symmetric",
    ),
    row(
        "lowrank-xx-h", "normsq(A - x*x')/4", "x", "2xx^T + x^Tx I - A", EQUAL, 2,
        x="n", A="n n : symmetric",
    ),
    row(
        "logdet-XXtAinv", "logdet(X*X'*inv(A))", "X", "2(XX^T)^-1 X", EQUAL,
        X="n r", A="n n",
    ),
    row(
        "inv-aXb", "a'*inv(X)*b", "X", "-inv(X)'*a*b'*inv(X)'", EQUAL,
        a="n", X="n n", b="n",
    ),
    row(
        "softmax-cost-W", "sum(lse(X'*w)) - y'*X'*w", "w", "X(softmax(X'w) - y)", EQUAL,
        X="m n", w="m", y="n",
    ),
    row("AXB-index", "A*X*B", "X", "∂Y_ij/∂X_km = A_ik B_mj", EQUAL,
        A="m n", X="n p", B="p q"),
    row("mma-trX2", "tr(X^2)", "X", "2X'", EQUAL, X="n n"),
    row(
        "unitvec-jac", "x/norm2(x)", "x", "(I - x*x'/normsq(x))/norm2(x)", EQUAL, x="n"
    ),
    row("ones-x", "sum(x)", "x", "1", EQUAL, x="n"),
    row(
        "ones-centering", "sum((x .- sum(x)).*(x .- sum(x)))", "x",
        "2x + 2(n-2)*ones(n,n)*x", EQUAL, x="n",
    ),
    row(
        "ones-Phi-norm", "normsq(ones(t)'*tanh(X*V))", "V",
        "2*X'*((ones(t)*ones(t)'*tanh(X*V)).*(1 .- tanh(X*V).^2))", EQUAL,
        X="t n", V="n m",
    ),
    row(
        "hess-logreg-ll", "sum(y.*log(sigmoid(X*w)) + (1.-y).*log(1.-sigmoid(X*w)))",
        "w", "-X'*Diag(sigmoid(X*w).*(1.-sigmoid(X*w)))*X", EQUAL, 2,
        w="d", X="m d", y="m",
    ),
    row(
        "mvn-hess-mu", "-1/2*(x-u)'*inv(K)*(x-u)", "u", "-inv(K)", EQUAL, 2,
        x="d", u="d", K="d d : symmetric",
    ),
    row(
        "nmf-half-W", "normsq(V-W*H)/2", "W", "(WH-V)H^T", EQUAL,
        V="m n", W="m r", H="r n",
    ),
    row(
        "nmf-half-H", "normsq(V-W*H)/2", "H", "W^T(WH-V)", EQUAL,
        V="m n", W="m r", H="r n",
    ),
    row(
        "frob-A-BhadX", "normsq(A*(B.*X))", "X", "2B∘(A^T A(B∘X))", EQUAL,
        A="n n", B="n n", X="n n",
    ),
    row(
        "frob-scalar-x", "normsq(s*A-B)", "s", "2s*tr(A'A) - tr(B'A) - tr(A'B)", EQUAL,
        A="m n", B="m n", s="",
    ),
    row(
        "frob-ABAt-C", "normsq(A*B*A'-C)", "A",
        "2(AB^TA^TAB + ABA^TAB^T - C^TAB - CAB^T)", EQUAL, A="n n", B="n n", C="n n",
    ),
    row(
        "tr-BAPBA-a", "tr(B*Diag(a)*P*(B*Diag(a))')", "a",
        "diag(B^TB Diag(a)(P+P^T))", EQUAL, B="m r", P="r r", a="r",
    ),
    row(
        "tr-AXBXtC-D-B", "tr((A*X*B*X'*C-D)'*(A*X*B*X'*C-D))", "B",
        "2(X^TA^TAXBX^TCC^TX - X^TA^TDC^TX)", EQUAL,
        A="m k", X="k n", B="n n", C="k q", D="m q",
    ),
    row(
        "cossim-abs", "abs(s - v'*w/(norm2(v)*norm2(w)))", "v",
        "(s - v'w/(norm2(v)*norm2(w)))/abs(s - v'w/(norm2(v)*norm2(w)))"
        "*(v'w/(norm2(v)*norm2(w))*v/normsq(v) - w/(norm2(v)*norm2(w)))", EQUAL,
        s="", v="n", w="n",
    ),
    row("exp-aXinva", "exp(a'*inv(X)*a)", "X",
        "-X^-1^T a a^T X^-1^T * exp(a'*X^-1*a)", EQUAL, a="n", X="n n"),
    row("sy-trX2B", "tr(X^2*B)", "X", "(X*B + B*X)'", EQUAL, X="k k", B="k k"),
    row("skew2-v", "w*(w'*v) - v*(w'*w)", "w", "I(w^Tv) + wv^T - 2v w^T", EQUAL,
        w="n", v="n"),
    row(
        "rayleigh1-grad", "x'*A*x/norm2(x)", "x",
        "(A'*x + A*x)/norm2(x) - x*(x'*A*x)/norm2(x)^3", EQUAL, x="n", A="n n",
    ),
    row("lse-hess", "lse(x)", "x", "Diag(softmax(x)) - softmax(x)*softmax(x)'", EQUAL,
        2, x="n"),
    row("had-pow2", "(p - y).^2", "p", "2 Diag(p - y)", EQUAL, p="n", y="n"),
    row("norm-12-X", "sum(sqrt((X.*X)*ones(n)))", "X",
        "Diag(((X∘X)*ones(n)).^(-1/2)) X", EQUAL, X="m n"),
    row(
        "eig-dA-dlam", "X*Diag(l)*inv(X)", "l", "einsum(\"ik,kj->ijk\", X, inv(X))",
        EQUAL, X="n n", l="n",
    ),
    row("inv-ABdiagx-b", "inv(A + B*Diag(x))*b", "x",
        "-inv(A + B*Diag(x))*B*Diag(inv(A + B*Diag(x))*b)", EQUAL,
        A="n n", B="n n", x="n", b="n"),
    row("diag-Kx", "Diag(K*x)", "x", "δ_ij K_ik", EQUAL, K="n k", x="k"),
    row("quad-mu", "(x-u)'*S*(x-u)", "u", "(S+S')(u-x)", EQUAL, x="n", u="n", S="n n"),
    row("hess-gauss", "al*exp(-be*t'*t)", "t",
        "2*al*be*exp(-be*t'*t)*(2*be*t*t' - I)", EQUAL, 2, t="n", al="", be=""),
    row("quad-cbA-g", "c + b'*x + x'*A*x", "x", "b + 2Ax", EQUAL,
        x="d", A="d d : symmetric", b="d", c=""),
    row("quad-cbA-h", "c + b'*x + x'*A*x", "x", "2A", EQUAL, 2,
        x="d", A="d d : symmetric", b="d", c=""),
    row("hess-fAxb", "lse(A*x+b)", "x",
        "A^T(Diag(softmax(A*x+b)) - softmax(A*x+b)*softmax(A*x+b)')A", EQUAL, 2,
        x="n", A="m n", b="m"),
    row("neuron-dx", "sum(sigmoid(W*x))", "x", "W'*(sigmoid(W*x).*(1.-sigmoid(W*x)))",
        EQUAL, W="m n", x="n"),
    row("neuron-dW", "sum(sigmoid(W*x))", "W", "(sigmoid(W*x).*(1.-sigmoid(W*x)))*x'",
        EQUAL, W="m n", x="n"),
    row("logdet", "log(det(X))", "X", "X^-1^T", EQUAL, X="n n"),
    row("det", "det(X)", "X", "det(X)*inv(X)'", EQUAL, X="n n"),
    row("hess-Ax-b", "normsq(A*x-b)", "x", "2A^TA", EQUAL, 2, x="n", A="m n", b="m"),
    row("grad-Ax-b", "normsq(A*x-b)", "x", "∂f/∂x = 2A^T(Ax-b)", EQUAL,
        x="n", A="m n", b="m"),
    row("risk", "x'*A*x", "x", "sum_{j} (A_ij + A_ji) x_j", EQUAL, x="n", A="n n"),
    row("seed-0-H", "(X.*A)*ones(p)", "A", "H(n)*X", EQUAL, X="n p", A="n p"),
    row("seed-0-index", "(X.*A)*ones(p)", "A", "∂y_k/∂A_ij = δ_ki X_ij", EQUAL,
        X="n p", A="n p"),
    row("seed-3", "a'*(B*(x*c' .* D) .* E)*f", "x", "((B'(E∘(a f')))∘D)c", EQUAL,
        a="a", B="a b", x="b", c="e", D="b e", E="a e", f="e"),
    row("seed-3-vector", "A*(B*(x*c' .* D) .* E)*f", "x", "A(B∘(E Diag(c∘f) D'))",
        EQUAL, A="q a", B="a b", x="b", c="e", D="b e", E="a e", f="e"),
    row("nothing", "x'*x", "y", "0", EQUAL, x="n", y="n"),
)  # fmt: skip

#: Right in another layout, or by another convention.
CONVENTIONAL = (
    row("trlog-XtBX", "logdet(X'*B*X)", "X", "2X^-1", "layout", X="n n", B="n n : pd"),
    row("mma-detAXB", "det(A*X*B)", "X", "det(A*X*B)*(A'*inv(B'*X'*A')*B')'", "layout",
        A="n m", X="m m", B="m n"),
    row("symja-aXb", "a'*X*b", "X", "b a'", "layout", a="n", X="n m", b="m"),
    row("sy-trA-A", "tr(A)*A", "A",
        "einsum(\"ij,kl->ijkl\", eye(n), A) + tr(A)*einsum(\"ik,jl->ijkl\", "
        "eye(n), eye(n))", "layout", A="n n"),
    row("kronecker", "A*X*B", "X", "B^T⊗A", "layout", A="m n", X="n p", B="p q"),
    row("vec-XBX", "X*B*X", "X", "((B*X)'⊗I) + (I⊗(X*B))", "layout", X="m m", B="m m"),
    row("hess-AXB-C", "normsq(A*X*B-C)/2", "X", "(B*B')⊗(A'*A)", "layout", 2,
        A="l m", B="n o", C="l o", X="m n"),
    row("inv-X", "inv(X)", "X", "-(inv(X)'⊗inv(X))", "layout", X="n n"),
    row("transposed", "A*x", "x", "A'", "layout", A="m n", x="n"),
    row("row", "a'*x", "x", "a'", "layout", a="n", x="n"),
    row("vec-gradient", "a'*X*b", "X", "b⊗a", "layout", a="n", X="n m", b="m"),
    row("seed-1", "W*((A*X).*(A*X))*ones(3)", "X",
        "[(ones(3)'⊗W)*Diag(2*vec(A*X))*(eye(3)⊗A)]'", "layout",
        W="k k", A="k n", X="n 3"),
    row("seed-1-jacobian", "W*((A*X).*(A*X))*ones(3)", "X",
        "(ones(3)'⊗W)*Diag(2*vec(A*X))*(eye(3)⊗A)", "layout",
        W="k k : diagonal", A="k n", X="n 3"),
    row("free-entries", "tr(A*S)", "S", "A + A' - A∘I", "convention",
        A="n n", S="n n : symmetric"),
    row("entrywise", "tr(A*S)", "S", "A'", "convention",
        A="n n", S="n n : symmetric"),
    row("as-if-symmetric", "tr(A*S)", "S", "A + A' - A∘I", "convention",
        A="n n", S="n n"),
)  # fmt: skip

#: Not right, and why not.
WRONG = (
    row("symmetric", "x'*A*x", "x", "2Ax", "assumption", x="n", A="n n"),
    row("mask", "normsq(F.*M)", "F", "2M∘F", "assumption", F="m n", M="m n"),
    row("two-symmetric", "tr(A*X*B*X')", "X", "2A X B", "assumption",
        A="n n", B="p p", X="n p"),
    row("positive", "norm1(x)", "x", "ones(n)", "assumption", x="n"),
    row("unit", "x'*A*x*(u'*u)", "x", "(A+A')x", "assumption", x="n", A="n n", u="n"),
    row("seed-2", "x.*y.*z", "x", "y∘z", "diagonal", **VECTORS),
    row("seed-0", "(X.*A)*ones(p)", "A", "X", "diagonal", X="n p", A="n p"),
    row("elementwise", "sigmoid(X)", "X", "sigmoid(X)∘(1 .- sigmoid(X))", "diagonal",
        X="m n"),
    row("column-sums", "A*x", "x", "A'*ones(m)", "sum", A="m n", x="n"),
    row("half", "normsq(A*x-b)", "x", "A'(Ax-b)", "factor", x="n", A="m n", b="m"),
    row("mean", "normsq(x)/n", "x", "2x", "factor", x="n"),
    row("scalar-lost", "s*x'*x", "x", "2x", "factor", x="n", s=""),
    row("minus", "a'*inv(X)*b", "X", "inv(X)'*a*b'*inv(X)'", "sign",
        a="n", X="n n", b="n"),
    row("transpose", "sum(exp(A*x))", "x", "A*exp(A*x)", "assumption", A="n n", x="n"),
    row("skew", "x'*K*y", "x", "K'*y", "sign", x="n", y="n", K="n n : skew"),
    row("norm", "norm2(x)", "x", "x", "missing factor", x="n"),
    row("chain-rule", "sum(exp(A*x))", "x", "exp(A*x)", "missing factor",
        A="m n", x="n"),
    row("chain-rule-inside", "sum(sin(x).^2)", "x", "2*sin(x)", "missing factor",
        x="n"),
    row("too-many", "a'*x", "x", "a∘x", "extra factor", a="n", x="n"),
    row("one-sided", "x'*A*x", "x", "A x", "missing term", x="n", A="n n"),
    row("hess-term", "norm2(x)", "x", "I/norm2(x)", "missing term", 2, x="n"),
    row("extra", "x'*A*x", "x", "(A+A')x + x", "extra term", x="n", A="n n"),
    row("term-sign", "x'*A*x", "x", "(A-A')x", "term sign", x="n", A="n n"),
    row("term-factor", "x'*A*x", "x", "3A x + A'x", "term factor", x="n", A="n n"),
    row("other", "x'*A*y", "x", "A'x", "other variable", x="m", y="n", A="m n"),
    row("gradient", "normsq(A*x-b)", "x", "2A'(Ax-b)", "other order", 2,
        x="n", A="m n", b="m"),
    row("hessian", "normsq(A*x-b)", "x", "2A'A", "other order", x="n", A="m n", b="m"),
    row("itself", "exp(x'*y)", "x", "exp(x'*y)", "other order", x="n", y="n"),
    row("hess-Ax-b-wrong", "normsq(A*x-b)", "x", "2A*A", "assumption", 2,
        x="n", A="n n", b="n"),
    row("tr-B-trAX", "B*tr(A*X)", "X", "B⊗A", "assumption",
        A="n n", B="n n", X="n n"),
    row("nonsense", "x'*A*x", "x", "exp(x)", "wrong", x="n", A="n n"),
    row("shape", "x'*A*x", "x", "A", "wrong", x="n", A="n n"),
)  # fmt: skip
