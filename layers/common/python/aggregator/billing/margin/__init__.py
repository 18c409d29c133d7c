"""What providers say that we cost them, against what the ledger says that we owe them."""
