"""Random numbers whose distributions have parameters: what is drawn, and how a sample moves with them."""
from __future__ import annotations

from .row import CALCULUS, Rule

FIGURNOV = "Figurnov, Mohamed and Mnih 2018, Implicit reparameterization gradients"

RULES: tuple[Rule, ...] = (
    # ---- random numbers of distributions with parameters
    Rule("poisson_draw", "poisson_draw_value(x, generator)", "0", kind="custom", operands="x", params="generator",
         signature="()->()", method=False, function=False, loop="helper", dtype="same", grad_fn="PoissonBackward0",
         source=CALCULUS, doc="Poisson random numbers of the rates x: what poisson() draws."),
    Rule("binomial_draw", "binomial_draw_value(x, y, generator)", "0", "0", kind="custom", operands="xy",
         params="generator", signature="(),()->()", method=False, function=False, loop="helper", dtype="same",
         grad_fn="BinomialBackward0", source=CALCULUS,
         doc="How many of x trials end well, of the probability y: what binomial() draws."),
    Rule("gamma_draw", "gamma_draw_value(x, generator)", kind="custom", operands="x", params="generator", signature="()->()",
         method=False, function=False, loop="helper", dtype="same", source=CALCULUS,
         doc="Random numbers of the gamma distributions of the shapes x: what standard_gamma() draws."),
    Rule("beta_draw", "beta_draw_value(x, y, generator)", kind="custom", operands="xy", params="generator",
         signature="(),()->()", method=False, function=False, loop="helper", dtype="same", source=CALCULUS,
         doc="Random numbers of the beta distributions of the parameters x and y: what sample_beta() draws."),
    Rule("dirichlet_draw", "dirichlet_draw_value(x, generator)", kind="custom", operands="x", params="generator",
         signature="(n)->(n)", method=False, function=False, loop="helper", dtype="same", source=CALCULUS,
         doc="Random numbers of Dirichlet distributions, of sum 1: what sample_dirichlet() draws."),
    Rule("gamma_sample", "second_of(x, y)", "gamma_sample_dx(g, x, y)", kind="custom", operands="xy", signature="(),()->()",
         method=False, function=False, loop="helper", dtype="same", grad_fn="StandardGammaBackward0", source=FIGURNOV,
         doc="y, a sample of the gamma distribution of the shape x, and how it moves with that."),
    Rule("dirichlet_sample", "second_of(x, y)", "dirichlet_sample_dx(g, x, y)", kind="custom", operands="xy",
         signature="(n),(n)->(n)", method=False, function=False, loop="helper", dtype="same",
         grad_fn="SampleDirichletBackward0", source=FIGURNOV,
         doc="y, samples of Dirichlet distributions of the parameters x, and how they move with those."),
    Rule("gamma_slope", "gamma_slope_value(x, y)", "no_slope_of_a_slope(g)", "no_slope_of_a_slope(g)", kind="custom",
         operands="xy", signature="(),()->()", method=False, function=False, loop="helper", dtype="same",
         grad_fn="StandardGammaGradBackward0", source=FIGURNOV,
         doc="dy/dx of a sample y of the gamma distribution of the shape x.  It has no derivative: NotImplementedError."),
    Rule("beta_slope", "beta_slope_value(x, y)", "no_slope_of_a_slope(g)", "no_slope_of_a_slope(g)", kind="custom",
         operands="xy", signature="(2),(2)->(2)", method=False, function=False, loop="helper", dtype="same",
         grad_fn="BetaSlopeBackward0", source=FIGURNOV,
         doc="The derivatives of samples of the beta distributions of the pairs x in both; y has the samples, and 1 less "
             "them.  They have none: NotImplementedError."),
)
