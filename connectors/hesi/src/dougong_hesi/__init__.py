"""Hesi 合思 (易快报 Ekuaibao) for Dougong: its documents as canonical reports and loans (expense-side.md §1)."""
