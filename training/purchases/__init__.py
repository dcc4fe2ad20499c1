"""The stochastic processes behind purchases: histories, likelihoods, expectations."""
