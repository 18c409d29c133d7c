"""Who is served: workloads on a small balance, under the policies that decide what a request may hold.

`python -m bench.served` runs it; docs/performance.md says what came out. A model, seeded: no clock, no network.
"""
