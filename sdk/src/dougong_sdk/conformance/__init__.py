"""Certification: rules that say what a connector has to do, and a lab that finds out whether it does.

`pytest --connector NAME` runs them (`plugin`); each rule is a function in `checks` and stands in the reference page
of certification with its level, why it is there and what to do. The verdict over money is the sandbox's ledger's.
"""
