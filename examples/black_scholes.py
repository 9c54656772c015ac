"""The price of a European option and all of its Greeks.

F. Black, M. Scholes, The Pricing of Options and Corporate Liabilities, Journal of Political Economy 81 (1973).
"""
import sys
from pathlib import Path

import numpy as np
from scipy.special import erf

import autodiff


def normal_cdf(x):
    """The distribution function of the standard normal distribution."""
    return 0.5 * (1.0 + erf(x / np.sqrt(2.0)))


def price(spot, strike, maturity, rate, volatility, call=True):
    """Arrays or numbers; maturity in years, rate and volatility per year."""
    spread = volatility * np.sqrt(maturity)
    d1 = (np.log(spot / strike) + (rate + 0.5 * volatility**2) * maturity) / spread
    d2 = d1 - spread
    discounted = strike * np.exp(-rate * maturity)
    if call:
        return spot * normal_cdf(d1) - discounted * normal_cdf(d2)
    return discounted * normal_cdf(-d2) - spot * normal_cdf(-d1)


def greeks(spot, strike, maturity, rate, volatility, call=True):
    """Names and values of the derivatives that a desk asks for."""
    arguments = (spot, strike, maturity, rate, volatility, call)
    value, first = autodiff.value_and_grad(price, argnums=(0, 2, 3, 4))(*arguments)
    delta, minus_theta, rho, vega = first
    second = autodiff.hessian(price, argnums=(0, 4))(*arguments)
    return {"price": value, "delta": delta, "vega": vega, "theta": -minus_theta, "rho": rho, "gamma": second[0][0],
            "vanna": second[0][1], "volga": second[1][1]}


def picture(path):
    """Delta and gamma over the spot, for three maturities."""
    import matplotlib.pyplot as plt

    spots = np.linspace(60.0, 140.0, 161)
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
    delta = autodiff.elementwise_grad(price)
    gamma = autodiff.elementwise_grad(delta)
    for maturity in (0.1, 0.5, 2.0):
        left.plot(spots, delta(spots, 100.0, maturity, 0.02, 0.25), label=f"{maturity} years")
        right.plot(spots, gamma(spots, 100.0, maturity, 0.02, 0.25))
    left.set_title("delta")
    right.set_title("gamma")
    left.legend()
    figure.savefig(path, dpi=100)
    plt.close(figure)


if __name__ == "__main__":
    for name, number in greeks(105.0, 100.0, 0.5, 0.02, 0.25).items():
        print(f"{name:6} {float(number): .6f}")
    picture(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_suffix(".png"))
