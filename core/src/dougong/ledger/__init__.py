"""The ledger: the only truth. The steps of the flow meet here and nowhere else."""
