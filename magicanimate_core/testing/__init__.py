"""For tests, benchmarks and other people's tests: tiny weights, tiny inputs."""
