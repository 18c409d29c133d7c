"""The money: balances, holds, prices and the double-entry ledger."""
