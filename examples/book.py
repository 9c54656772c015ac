"""A book of 2,000 options and their Greeks, shared among the processes of this machine; the risk of the whole book.

The prices are F. Black's and M. Scholes', of puts and calls.  Each option is a point of autodiff.distributed.map(); what the
book loses where the market moves is a sum over pieces of it, whose bits no number of workers changes.
"""
import os

import numpy as np
from scipy.special import erf

import autodiff
from autodiff import distributed

NAMES = ("price", "delta", "vega", "rho", "theta")


def normal_cdf(x):
    """The distribution function of the standard normal distribution."""
    return 0.5 * (1.0 + erf(x / np.sqrt(2.0)))


def price(spot, volatility, rate, maturity, strike, sign):
    """Of a call (sign 1) or a put (sign -1); maturity in years, rate and volatility per year.  Numbers or arrays."""
    spread = volatility * np.sqrt(maturity)
    d1 = (np.log(spot / strike) + (rate + 0.5 * volatility**2) * maturity) / spread
    return sign * (spot * normal_cdf(sign * d1) - strike * np.exp(-rate * maturity) * normal_cdf(sign * (d1 - spread)))


def greeks(*option):
    """The price of an option and its derivatives in spot, volatility, rate, and time passing."""
    value, (delta, vega, rho, theta) = autodiff.value_and_grad(price, argnums=(0, 1, 2, 3))(*option)
    return value, delta, vega, rho, -theta


def book_of(count=2000, seed=0):
    """Columns: spots, volatilities, rates, maturities, strikes, signs."""
    random = np.random.default_rng(seed)
    ranges = ((80.0, 120.0), (0.1, 0.5), (0.0, 0.05), (0.1, 2.0), (80.0, 120.0))
    return [*(random.uniform(*ends, size=count) for ends in ranges), random.choice([-1.0, 1.0], size=count)]


def moved(market, piece):
    """What a piece of the book is worth where spots move by a factor, volatilities and rates by something."""
    spots, volatilities, rates, *rest = piece
    return np.sum(price(spots * (1.0 + market["spot"]), volatilities + market["volatility"], rates + market["rate"], *rest))


def risk(book, client=None, pieces=8):
    """The worth of the book, and its derivatives in a move of the market."""
    shards = list(zip(*(np.array_split(column, pieces) for column in book)))
    return distributed.value_and_grad(moved)({"spot": 0.0, "volatility": 0.0, "rate": 0.0}, shards, client)


if __name__ == "__main__":          # worker processes import this file
    book = book_of()
    found = distributed.map(greeks, *book)
    print(f"{len(found):,} options on {os.cpu_count()} processors")
    for name, column in zip(NAMES, np.transpose(found)):
        print(f"{name:6} {column.min():9.3f} to {column.max():8.3f}")
    worth, slopes = risk(book)
    print(f"the book: {worth:,.2f}")
    for name, slope in slopes.items():
        print(f"  {name} one percent up: {0.01 * slope:+,.2f}")
