r"""Formulas in LaTeX as people wrote them: questions, and the answers to four of them.

`QUESTIONS` are the expressions of `tests.questions` that are formulas as they stand,
with what is renamed (LaTeX name = name of the array) and declared differently; `SEEDS`
the right sides in four threads, with the same in the text language.
"""

from __future__ import annotations

#: Shapes in place of the literal ones, and sizes that no array gives.
DECLARED: dict[str, dict[str, str]] = {
    "logdet-I-XXt": {"X": "T r"},
    "exp-aXinva": {"a": "1 n", "X": "n n"},
    "ones-Phi-norm": {"f": "function"},
    "relu-WX-frob": {"sigma": "function"},
}
SIZES = {"kron-ttI": {"n": 2}}

QUESTIONS: tuple[tuple[str, str, str], ...] = (
    ("had-inner-a", r"\partial_x (x\circ y)^Tz", ""),
    ("had-inner-b", r"\partial_x (x\circ y)^T(x\circ y)", ""),
    ("had-inner-c", r"\partial_\alpha \|x-\alpha\circ y\|_2^2", "alpha=al"),
    (
        "wmf-trace-U",
        r"\partial_U\operatorname{trace}((W\odot(A-UV"
        r"'))'(W\odot(A-UV')))",
        "",
    ),
    ("frob-FM", r"\partial_F\|F\circ M\|_F^2", ""),
    ("kron-dd", r"\partial_\delta(\delta\otimes\delta)", "delta=d"),
    ("kron-dAdd", r"\partial_\delta\,\delta^TA(\delta\otimes\delta)", "delta=d"),
    ("kron-ttI", r"\partial_\theta(\theta\theta^T\otimes I_n)", "theta=t"),
    ("tr-XtX-A-sq", r"\operatorname{tr}((X^TX-A)^T(X^TX-A))", ""),
    ("lowrank-xx-g", r"\nabla\tfrac14\|A-xx^T\|_F^2", ""),
    ("lowrank-xx-h", r"\nabla^2\tfrac14\|A-xx^T\|_F^2", ""),
    ("trlog-XtBX", r"\partial\operatorname{tr}\log(X^tBX)/\partial X", ""),
    ("logdet-I-XXt", r"\partial\log|I_T+XX'|/\partial\mathrm{vec}X", ""),
    ("logdet-XXtAinv", r"\log\det(XX^TA^{-1})", ""),
    ("inv-X", r"\partial X^{-1}/\partial X", ""),
    ("inv-aXb", r"\partial_X a^TX^{-1}b", ""),
    ("AXB", r"\partial(AXB)/\partial X", ""),
    ("mo-logdet-cov-g", r"L(A)=\log|I+AS|-q^T(A^{-1}+S)^{-1}q", ""),
    ("mma-trX2", r"\operatorname{tr}(X^2)", ""),
    ("mma-detAXB", r"\det(AXB)", ""),
    ("mma-trAXtBXC", r"\operatorname{tr}(AX'BXC)", ""),
    ("unitvec-jac", r"f(x)=x/\|x\|", ""),
    ("vec-XtX", r"\frac{d\,\mathrm{vec}(X^TX)}{d\,\mathrm{vec}(X)}", ""),
    ("vec-XBX", r"\partial\mathrm{vec}F/\partial\mathrm{vec}X^\prime,\ F=XBX", ""),
    ("tr-XXt", r"\frac{d}{dX}\operatorname{Tr}(XX^T)", ""),
    ("ones-Phi-norm", r"\partial_V\|1^Tf(XV)\|_2^2", ""),
    ("ones-x", r"\frac{d}{dx}1^Tx", ""),
    ("ones-centering", r"1^T[(x-1[1^Tx])\odot(x-1[1^Tx])]", ""),
    ("relu-WX-frob", r"\tfrac12\|\vec1^T\sigma(WX)-\sigma(e_1^TX)\|_F^2", ""),
    ("had-xx-A", r"\partial_x (xx^T)\circ A", ""),
    (
        "mvn-ASC",
        r"\ell=-\log\det[C\Sigma C^T]-(x-A\mu)^T(C\Sigma"
        r" C^T)^{-1}(x-A\mu)",
        "Sigma=S",
    ),
    ("nmf-half", r"\tfrac12\|V-WH\|_F^2", ""),
    ("frob-A-BhadX", r"\|A(B\circ X)\|_F^2", ""),
    ("tr-B-trAX", r"\frac{d\,B\operatorname{trace}(AX)}{dX}", ""),
    ("frob-ABAt-C", r"\|ABA^T-C\|_F^2", ""),
    (
        "tr-BAPBA-a",
        r"\partial\operatorname{trace}(BAP(BA)^T)/\partial"
        r" a_i,\ A=\mathrm{Diag}(a)",
        "",
    ),
    ("tr-AXBXtC-D-B", r"\operatorname{tr}[(AXBX^TC-D)^T(AXBX^TC-D)]", ""),
    ("hess-Ax-b", r"f(x)=\|Ax-b\|^2", ""),
    ("loglik-UV", r"L=-\sum_{ij}\ln(1+\exp(-(2X_{ij}-1)(U_{ik}V_{kj})))", ""),
    ("exp-aXinva", r"\partial\exp(aX^{-1}a^T)/\partial X", ""),
    ("hess-AXB-C", r"\tfrac12\|AXB-C\|_F^2", ""),
    ("hess-norm-unsq", r"f(x)=\|Ax-b\|_2", ""),
    ("sy-trX2B", r"\operatorname{Tr}(X^2B)", ""),
    ("sy-trA-A", r"\partial(\operatorname{Trace}(A)A)/\partial A", ""),
    ("sy-trsum", r"\operatorname{tr}(A)+\operatorname{tr}(A^2)", ""),
    ("sy-tr-scalar-m", r"\partial_m\operatorname{Tr}((x-m1)^T(x-m1))", ""),
    ("so-sum-mmT", r"\partial_m\sum_{ij}(mm^T)_{ij}", ""),
    ("hess-neglogdet", r"\nabla_X^2(-\log\det X)", ""),
    ("hess-trXinvY", r"\nabla_X^2\operatorname{tr}(X^{-1}Y)", ""),
    ("grad-trXinvY", r"\nabla_X\operatorname{tr}(X^{-1}Y)", ""),
    ("rayleigh1-grad", r"\nabla\frac{\langle Ax,x\rangle}{|x|_2}", ""),
    ("rayleigh1-hess", r"\nabla^2\frac{\langle Ax,x\rangle}{|x|_2}", ""),
    ("lse-hess", r"\nabla^2\log\sum_ie^{x_i}", ""),
    ("had-pow2", r"\partial(\hat y-y)^{\circ2}/\partial\hat y", "y_hat=yh"),
    (
        "kron-trAIw",
        r"\partial\operatorname{Tr}[A(\mathrm{Id}\otimes"
        r" w)]/\partial w",
        "",
    ),
    ("inv-ABdiagx-b", r"(A+B\,\mathrm{diag}(x))^{-1}b", ""),
    ("quad-mu", r"\frac{d}{d\mu}(x-\mu)^\top\Sigma(x-\mu)", "Sigma=S"),
    (
        "hess-gauss",
        r"\mathrm{Hess}\ \alpha e^{-\beta\theta"
        r"^\top\theta}",
        "theta=th alpha=al beta=be",
    ),
    ("quad-cbA-g", r"\nabla(c+b^Tx+x^TAx)", ""),
    ("quad-cbA-h", r"\nabla^2(c+b^Tx+x^TAx)", ""),
    ("expm-dt", r"f(t)=x^Te^{At}Bx,\ df/dt", ""),
    ("symja-aXb", r"D(a^TXb,X)", ""),
    ("erc-grad", r"R=\sum_i\sum_j(w_i(Qw)_i-w_j(Qw)_j)^2", ""),
)

#: The macros of the first thread, as its author defined them.
MACROS = (
    r"\def\H{{\cal H}} \def\e{\,e}\def\o{{\tt1}}\def\p{\partial} "
    r"\def\LR#1{\left(#1\right)} \def\D#1{\operatorname{Diag}\LR{#1}} "
    r"\def\d#1{\operatorname{diag}\LR{#1}} \def\trace#1{\operatorname{Tr}\LR{#1}} "
    r"\def\grad#1#2{\frac{\p #1}{\p #2}} "
)

ROWS = {"X": "n p", "A": "n p", "B": "n p", "C": "n p"}
LAYER = {"W": "k k", "A": "k n", "X": "n 3"}
TRIPLE = {**dict.fromkeys("xyz", "n"), **dict.fromkeys("XYZ", "n n")}
NESTED = {
    "a": "a",
    "A": "q a",
    "B": "a b",
    "x": "b",
    "c": "e",
    "D": "b e",
    "E": "a e",
    "f": "e",
    "K": "b e",
    "H": "b e",
    "C": "e e",
    "X": "b b",
    "J": "q b",
}
FROBENIUS = {"A": "m n", "B": "m k", "C": "k n"}
ALIKE = dict.fromkeys("ABC", "m n")

SEEDS: tuple[tuple[str, dict[str, str], str], ...] = (
    (r"(\mathbf{X} \odot \mathbf{A}) \mathbf{1}_p", ROWS, "(X∘A)*ones(p)"),
    (r"\eqalign{ y &= \LR{X\odot A}\o \\ }", ROWS, "(X∘A)*ones(p)"),
    (r"\d{AX^T}", ROWS, "diag(A*X')"),
    (r"\H:\LR{AX^T}", ROWS, "H(n):(A*X')"),
    (r"\LR{\H X}:A", ROWS, "(H(n)*X):A"),
    (r"\H X", ROWS, "H(n)*X"),
    (r"\sum_{i=1}^n\sum_{j=1}^p A_{ij}B_{ij}", ROWS, "A:B"),
    (r"\trace{A^TB}", ROWS, "tr(A'*B)"),
    (r"\|A\|^2_F", ROWS, "normsq(A)"),
    (r"A:A", ROWS, "normsq(A)"),
    (r"A:\LR{B\odot C}", ROWS, "A:(B∘C)"),
    (r"\LR{A\odot B}:C", ROWS, "(A∘B):C"),
    (
        r"\mathbf{F}(\mathbf{X}) = \mathbf{W}(\mathbf{AX} \odot \mathbf{AX}) "
        r"\mathbf{1}_{3}",
        LAYER,
        "W*((A*X)∘(A*X))*ones(3)",
    ),
    (
        r"\mathbf{W\left(AX \odot AX\right)\mathbf{1}_{3}}",
        LAYER,
        "W*((A*X)∘(A*X))*ones(3)",
    ),
    (
        r"\left[\left(\mathbf{1}_{3}^{T} \otimes \mathbf{W}\right) diag\left(2 "
        r"\mathbf{vec \left(AX\right)}\right) \left(\mathbf{I}_{3}^{T} \otimes "
        r"\mathbf{A}\right)\right] ^{T}",
        LAYER,
        "((ones(3)' ⊗ W)*Diag(2*vec(A*X))*(eye(3)' ⊗ A))'",
    ),
    (r"f = \mathbf{x}\circ \mathbf{y} \circ\mathbf{z}", TRIPLE, "x∘y∘z"),
    (r"{\bf x}\circ {\bf y} \circ {\bf z}", TRIPLE, "x∘y∘z"),
    (r"\mathbf{y} \circ\mathbf{z}", TRIPLE, "y∘z"),
    (r"YZx", TRIPLE, "Y*Z*x"),
    (r"XYz", TRIPLE, "X*Y*z"),
    (r"YZ, ", TRIPLE, "Y*Z"),
    (r"{\rm Diag}(x)", TRIPLE, "Diag(x)"),
    (r"\eqalign{f &= x\circ y\circ z \\}", TRIPLE, "x∘y∘z"),
    (
        r"\gamma = a^T\big(B(xc^T\odot D)\odot E\big)f",
        NESTED,
        "a'*((B*((x*c')∘D))∘E)*f",
    ),
    (
        r"\gamma = a:\big(B(xc^T\odot D)\odot E\big)f",
        NESTED,
        "a'*((B*((x*c')∘D))∘E)*f",
    ),
    (
        r"af^T:\big(B(xc^T\odot D)\odot E\big)",
        NESTED,
        "(a*f'):((B*((x*c')∘D))∘E)",
    ),
    (r"(E\odot af^T):B(xc^T\odot D)", NESTED, "(E∘(a*f')):(B*((x*c')∘D))"),
    (r"B^T\big(E\odot af^T\big)", NESTED, "B'*(E∘(a*f'))"),
    (r"H\odot D", NESTED, "H∘D"),
    (r"H:(xc^T\odot D)", NESTED, "H:((x*c')∘D)"),
    (r"K:xc^T", NESTED, "K:(x*c')"),
    (r"Kc:x", NESTED, "(K*c):x"),
    (r"\frac{1}{1} Kc", NESTED, "K*c"),
    (
        r"y = A\big(B(xc^T\odot D)\odot E\big)f",
        NESTED,
        "A*((B*((x*c')∘D))∘E)*f",
    ),
    (r"B(XDC)", NESTED, "B*X*D*C"),
    (r"A(E\odot BXDC)\,f", NESTED, "A*(E∘(B*X*D*C))*f"),
    (r"{\rm Diag}(c)", NESTED, "Diag(c)"),
    (r"Jx\\", NESTED, "J*x"),
    (r"{\rm Tr}(A^TB)", ALIKE, "tr(A'*B)"),
    (r"A^T:B^T", ALIKE, "A:B"),
    (r"AC^T:B", FROBENIUS, "(A*C'):B"),
    (r"B^TA:C", FROBENIUS, "(B'*A):C"),
    (r"A\odot B", ALIKE, "A∘B"),
    (r"C:A\odot B", ALIKE, "C:(A∘B)"),
    (r"C\odot A:B", ALIKE, "(C∘A):B"),
)
