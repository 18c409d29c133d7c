"""What can be called: the catalogue of models, providers and prices."""
