"""Promo codes: who redeems one gets a grant, once."""
