"""Complex numbers: parts, conjugates, phases.  Operands of the cases are real: their last dimension holds pairs.

Derivatives in complex operands as such are the business of test_complex.
"""
import numpy as np

import autodiff
from checks import leaf, plain

PAIRS = [(2, 3, 2)]


def pairs(z):
    return autodiff.view_as_real(z)


def joined(x):
    return autodiff.view_as_complex(x.contiguous())


def apart(z):
    return np.stack([z.real, z.imag], -1)


def together(a):
    return a[..., 0] + 1j * a[..., 1]


CASES = {
    "conj": [("pairs", lambda x: pairs(joined(x).conj()), lambda a: apart(np.conj(together(a))), PAIRS),
             ("real", lambda x: x.conj() * 2, lambda a: a * 2, [(3,)])],
    "conj_physical": [("pairs", lambda x: pairs(joined(x).conj_physical()), lambda a: apart(np.conj(together(a))), PAIRS),
                      ("in place", lambda x: pairs((joined(x) * 2).conj_physical_()),
                       lambda a: apart(np.conj(2 * together(a))), PAIRS)],
    "resolve_conj": [("real", lambda x: x.resolve_conj() * 2, lambda a: a * 2, [(2, 3)])],
    "resolve_neg": [("real", lambda x: (-x).resolve_neg(), lambda a: -a, [(2, 3)])],
    "real": [("pairs", lambda x: joined(x).real, lambda a: a[..., 0].copy(), PAIRS),
             ("0-d", lambda x: autodiff.real(joined(x)), lambda a: a[0], [(2,)])],
    "imag": [("pairs", lambda x: joined(x).imag, lambda a: a[..., 1].copy(), PAIRS),
             ("empty", lambda x: autodiff.imag(joined(x)), lambda a: a[..., 1].copy(), [(0, 2)])],
    "view_as_real": [("pairs", lambda x: pairs(joined(x) * joined(x)), lambda a: apart(together(a) ** 2), PAIRS)],
    "view_as_complex": [("pairs", lambda x: pairs(joined(x).exp()), lambda a: apart(np.exp(together(a))), PAIRS),
                        ("0-d", lambda x: pairs(joined(x).exp()), lambda a: apart(np.exp(together(a))), [(2,)]),
                        ("empty", lambda x: pairs(joined(x)), lambda a: a, [(0, 2)])],
    "complex": [("broadcast", lambda x, y: pairs(autodiff.complex(x, y).exp()), lambda a, b: apart(np.exp(a + 1j * b)),
                 [(2, 3), (3,)]),
                ("0-d", lambda x, y: pairs(autodiff.complex(x, y).sin()), lambda a, b: apart(np.sin(a + 1j * b)), [(), ()])],
    "polar": [("broadcast", lambda x, y: pairs(autodiff.polar(x, y)), lambda a, b: apart(a * np.exp(1j * b)),
               [(2, 3), (3,)]),
              ("0-d", lambda x, y: pairs(autodiff.polar(x, y)), lambda a, b: apart(a * np.exp(1j * b)), [(), ()])],
    "angle": [("pairs", lambda x: joined(x).angle(), lambda a: np.angle(together(a)), PAIRS),
              ("0-d", lambda x: joined(x).angle(), lambda a: np.angle(together(a)), [(2,)]),
              ("real", lambda x: x.angle() + x, lambda a: np.angle(a) + a, [(2, 3)])],
    "magnitude": [("pairs", lambda x: joined(x).abs(), lambda a: np.abs(together(a)), PAIRS),
                  ("empty", lambda x: joined(x).abs(), lambda a: np.abs(together(a)), [(0, 2)])],
    "logaddexp_plane": [
        ("pairs", lambda x, y: pairs(joined(x).logaddexp(joined(y))),
         lambda a, b: apart(np.log(np.exp(together(a)) + np.exp(together(b)))), [(2, 2), (2, 2)]),
        ("broadcast", lambda x, y: pairs(joined(x).logaddexp(joined(y)).exp()),
         lambda a, b: apart(np.exp(together(a)) + np.exp(together(b))), [(2, 3, 2), (3, 2)])],
    "unit": [("pairs", lambda x: pairs(joined(x).sgn()), lambda a: apart(together(a) / np.abs(together(a))), PAIRS),
             ("in place", lambda x: pairs((joined(x) * 2).sgn_()),
              lambda a: apart(together(a) / np.abs(together(a))), PAIRS)],
}
VALUES = {
    "isreal": [("complex", lambda x: autodiff.isreal(x), np.isreal, [np.array([1j, 2, 3 + 0j])]),
               ("real", lambda x: x.isreal(), np.isreal, [np.array([[1.0, np.nan]])])],
}


def zero_phase():
    z = leaf([0j, 2j])
    z.angle().sum().backward()
    np.testing.assert_array_equal(plain(z.grad), [0, -0.5])
    x = leaf([-1.0, 0.0, 1.0])
    y = x.angle()
    y.sum().backward()
    np.testing.assert_array_equal(plain(y), [np.pi, 0, 0])
    assert x.grad.tolist() == [0, 0, 0]


def zero_magnitude():
    z = leaf([0j, 3 + 4j])
    z.abs().sum().backward()
    np.testing.assert_allclose(plain(z.grad), [0, 0.6 + 0.8j], rtol=1e-15)


def zero_sgn():
    z = leaf([0j, 2j])
    z.sgn().real.sum().backward()
    np.testing.assert_array_equal(plain(z.grad), [0, 0.5])
    x = leaf([-1.0, 0.0, 1.0])
    x.sgn().sum().backward()
    assert x.grad.tolist() == [0, 0, 0]


KINKS = {"angle": zero_phase, "magnitude": zero_magnitude, "unit": zero_sgn}
