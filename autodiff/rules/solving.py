"""Linear algebra: linear systems, inverses, determinants, factorisations, functions of matrices."""
from __future__ import annotations

from .linear import GILES
from .row import Rule

MURRAY = "Murray 2016, Differentiation of the Cholesky decomposition"
GOLUB = "Golub and Van Loan, Matrix Computations"
MATRICES = "Raises RuntimeError for what is no batch of square matrices, and for integers (float64 in the NumPy flavour)."
SINGULAR = MATRICES + " linalg.LinAlgError (a RuntimeError, and NumPy's of this name) where a matrix is singular."
POSITIVE = MATRICES + " linalg.LinAlgError where a matrix is not positive-definite."
INFO = "info is 0 where that succeeded, else which pivot failed, counted from 1; the result is NaN there."


def _matrices(name, value, *derivatives, **fields):
    """A row that rows for users apply: its operands are matrices, batched and broadcast."""
    return Rule(name, value, *derivatives, method=False, function=False, loop="helper", **fields)


RULES: tuple[Rule, ...] = (
    # ---- what the rest is made of
    _matrices("solve_matrix", "solve_matrix_value(x, y, transposed, checked, factors)",
              "solve_matrix_dx(g, x, out, transposed, checked, factors)",
              "solve_matrix_dy(g, x, shape_y, transposed, checked, factors)",
              kind="custom", operands="xy", params="transposed, checked, factors", signature="(n,n),(n,k)->(n,k)", fast="solve",
              grad_fn="LinalgSolveExBackward0", complex="holomorphic", source=GILES + ", 2.3",
              doc="The solution of A X = B, or of A^T X = B."),
    _matrices("inverse_matrix", "inverse_matrix_value(x, checked, limit)", "inverse_matrix_dx(g, out)", kind="custom",
              operands="x", params="checked, limit", signature="(n,n)->(n,n)", fast="inverse", grad_fn="LinalgInvExBackward0",
              complex="holomorphic", source=GILES + ", 2.2.1", doc="The inverse."),
    _matrices("lu_info", "lu_info_value(x)", kind="custom", operands="x", signature="(n,n)->()", dtype="index",
              doc="The first pivot of the LU factorisation that is 0, counted from 1; 0 if there is none."),
    _matrices("determinant", "determinant_value(x)", "determinant_dx(g, x)", kind="custom", operands="x", fast="determinant",
              signature="(n,n)->()", grad_fn="LinalgDetBackward0", complex="holomorphic", source=GILES + ", 2.2.3",
              doc="The determinant; its derivative is made of cofactors, so that it is right for singular matrices."),
    _matrices("cofactor_matrix", "cofactor_matrix_value(x)", "cofactor_matrix_dx(g, x)", kind="custom", operands="x",
              signature="(n,n)->(n,n)", grad_fn="LinalgDetBackward0", complex="holomorphic",
              source="Horn and Johnson, Matrix Analysis, 0.8.2 and 0.8.10: the adjugate of U S V^H",
              doc="The cofactors of each element, the derivative of the determinant."),
    _matrices("cofactor_slope", "cofactor_slope_value(x, y)", "cofactor_slope_dx(g, x, y)", "cofactor_slope_dy(g, x)",
              kind="custom", operands="xy", signature="(n,n),(n,n)->(n,n)", grad_fn="LinalgDetBackward0",
              complex="holomorphic", source="Jacobi's formula, differentiated",
              doc="The derivative of the cofactors along a matrix."),
    _matrices("det_sign", "det_sign_value(x, factors)", "det_sign_dx(g, x, out)", kind="custom", operands="x",
              params="factors", signature="(n,n)->()", grad_fn="LinalgSlogdetBackward0",
              complex="as written", source=GILES + ", 2.2.3", doc="det(A) / abs(det(A)), or 0."),
    _matrices("det_logarithm", "det_logarithm_value(x, factors)", "det_logarithm_dx(g, x)", kind="custom", operands="x",
              params="factors", signature="(n,n)->()", fast="logarithm of the determinant",
              grad_fn="LinalgSlogdetBackward0", complex="as written", source=GILES + ", 2.2.3", doc="log(abs(det(A)))."),
    _matrices("cholesky_factor", "cholesky_factor_value(x, triangle, checked)", "cholesky_factor_dx(g, out, triangle)",
              kind="custom", operands="x", params="triangle, checked", signature="(n,n)->(n,n)", fast="cholesky",
              grad_fn="LinalgCholeskyExBackward0", complex="as written", source=MURRAY, doc="The lower Cholesky factor."),
    _matrices("cholesky_info", "cholesky_info_value(x)", kind="custom", operands="x", signature="(n,n)->()",
              dtype="index", doc="The order of the first leading minor that is not positive-definite; 0 if there is none."),
    _matrices("triangular_matrix", "triangular_matrix_value(x, y, upper, transposed, unitriangular)",
              "triangular_matrix_dx(g, x, out, upper, transposed, unitriangular)",
              "triangular_matrix_dy(g, x, shape_y, upper, transposed, unitriangular)", kind="custom", operands="xy",
              params="upper, transposed, unitriangular", signature="(n,n),(n,k)->(n,k)",
              grad_fn="LinalgSolveTriangularBackward0", complex="holomorphic", source=GILES + ", 2.3",
              doc="The solution of T X = B, or of T^T X = B, T triangular."),
    # ---- linear systems, inverses, determinants
    Rule("linalg_solve", "linalg_solve_of(x, y, left)", operands="xy", names="A, B", params="*, left=True",
         namespace="linalg", method=False, loop="composite", out=True, complex="holomorphic",
         numpy="linalg.solve(a, b) = numpy_solve(a, b)", source=GILES + ", 2.3",
         doc="The solution X of A X = B, or with left=False of X A = B, for matrices A.",
         errors=SINGULAR + " B is a vector where it has one dimension, or those of A but the last.",
         example="linalg.solve(tensor([[2.0, 0.0], [1.0, 1.0]]), tensor([2.0, 3.0])) -> tensor([1., 2.])"),
    Rule("linalg_solve_ex", "linalg_solve_ex_of(x, y, left, check_errors)", operands="xy", names="A, B",
         params="*, left=True, check_errors=False", namespace="linalg", method=False, loop="composite", out=True,
         outputs=("result", "info"), complex="holomorphic", source=GILES + ", 2.3",
         doc="linalg.solve without its error, and for each matrix whether it failed.", errors=INFO,
         example="linalg.solve_ex(tensor([[2.0]]), tensor([4.0])).result -> tensor([2.])"),
    Rule("linalg_inv", "linalg_inv_of(x)", operands="x", names="A", namespace="linalg", method=False, loop="composite",
         out=True, complex="holomorphic", numpy="linalg.inv(a)", source=GILES + ", 2.2.1",
         doc="The inverse of each matrix.", errors=SINGULAR,
         example="linalg.inv(tensor([[2.0, 0.0], [0.0, 4.0]])) -> tensor([[0.5000, 0.0000],\n        [0.0000, 0.2500]])"),
    Rule("linalg_inv_ex", "linalg_inv_ex_of(x, check_errors)", operands="x", names="A", params="*, check_errors=False",
         namespace="linalg", method=False, loop="composite", out=True, outputs=("inverse", "info"), complex="holomorphic",
         source=GILES + ", 2.2.1", doc="linalg.inv without its error, and for each matrix whether it failed.", errors=INFO,
         example="linalg.inv_ex(tensor([[0.0]])).info -> tensor(1, dtype=autodiff.int32)"),
    Rule("inverse", "linalg_inv_of(x)", operands="x", loop="composite", out=True, complex="holomorphic",
         source=GILES + ", 2.2.1", doc="The inverse of each matrix: linalg.inv.", errors=SINGULAR,
         example="tensor([[2.0]]).inverse() -> tensor([[0.5000]])"),
    Rule("linalg_det", "linalg_det_of(x)", operands="x", names="A", namespace="linalg", method=False, loop="composite",
         out=True, complex="holomorphic", numpy="linalg.det(a)", source=GILES + ", 2.2.3",
         doc="The determinant of each matrix; its derivatives are right for singular matrices, too.",
         errors=MATRICES + " The third derivative, of order 4 and above, is that of regular matrices: else linalg.LinAlgError.",
         example="linalg.det(tensor([[1.0, 2.0], [0.0, 1.0]])) -> tensor(1.)"),
    Rule("det", "linalg_det_of(x)", operands="x", loop="composite", complex="holomorphic",
         source=GILES + ", 2.2.3", doc="The determinant of each matrix: linalg.det.", errors=MATRICES,
         example="tensor([[1.0, 2.0], [0.0, -1.0]]).det() -> tensor(-1.)"),
    Rule("linalg_slogdet", "linalg_slogdet_of(x)", operands="x", names="A", namespace="linalg", method=False,
         loop="composite", out=True, outputs=("sign", "logabsdet"), complex="as written",
         numpy="linalg.slogdet(a) -> Any = numpy_slogdet(a)", source=GILES + ", 2.2.3",
         doc="The sign of the determinant and the logarithm of its absolute value.",
         errors=MATRICES + " Where a matrix is singular, the logarithm is -inf and its gradient NaN.",
         example="linalg.slogdet(tensor([[2.0, 0.0], [0.0, 0.5]])).logabsdet -> tensor(0.)"),
    Rule("slogdet", "linalg_slogdet_of(x)", operands="x", loop="composite", outputs=("sign", "logabsdet"),
         complex="as written", source=GILES + ", 2.2.3",
         doc="The sign of the determinant and the logarithm of its absolute value: linalg.slogdet.", errors=MATRICES,
         example="tensor([[-2.0]]).slogdet().sign -> tensor(-1.)"),
    Rule("logdet", "logdet_of(x)", operands="x", loop="composite", complex="as written", source=GILES + ", 2.2.3",
         doc="The logarithm of the determinant: NaN where that is negative, -inf where it is 0.", errors=MATRICES,
         example="tensor([[1.0]]).logdet() -> tensor(0.)"),
    # ---- Cholesky
    Rule("linalg_cholesky", "linalg_cholesky_of(x, upper)", operands="x", params="*, upper=False", namespace="linalg",
         method=False, loop="composite", out=True, complex="as written",
         numpy="linalg.cholesky(a, /, *, upper=False) = numpy_cholesky(a, upper)", source=MURRAY,
         doc="The lower factor L of a positive-definite matrix L L^H; with upper=True the upper one, U of U^H U.",
         errors=POSITIVE + " One triangle is read, and the gradient is symmetric all the same, as in PyTorch; that of "
                           "np.linalg.cholesky is in the triangle that NumPy reads.",
         example="linalg.cholesky(tensor([[4.0, 2.0], [2.0, 2.0]])) -> tensor([[2., 0.],\n        [1., 1.]])"),
    Rule("linalg_cholesky_ex", "linalg_cholesky_ex_of(x, upper, check_errors)", operands="x",
         params="*, upper=False, check_errors=False", namespace="linalg", method=False, loop="composite", out=True,
         outputs=("L", "info"), complex="as written", source=MURRAY,
         doc="linalg.cholesky without its error, and for each matrix whether it failed.",
         errors="info is 0 where a matrix is positive-definite, else the order of its first leading minor that is not; the "
                "factor is NaN there.",
         example="linalg.cholesky_ex(tensor([[-1.0]])).info -> tensor(1, dtype=autodiff.int32)"),
    Rule("cholesky", "cholesky_of(x, upper)", operands="x", params="upper=False", loop="composite", out=True,
         complex="as written", source=MURRAY, doc="The Cholesky factor of each matrix: linalg.cholesky.", errors=POSITIVE,
         example="tensor([[4.0, 2.0], [2.0, 2.0]]).cholesky() -> tensor([[2., 0.],\n        [1., 1.]])"),
)
