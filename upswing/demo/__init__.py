"""The demo: a small made-up company, its past and its present, played through the published SDK at a real stack."""
