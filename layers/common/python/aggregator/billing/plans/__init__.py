"""Plans: named bundles of prices, limits, models and a monthly credit, which a wallet is put on."""
