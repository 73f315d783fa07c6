"""Kingdee 云星空 (K/3 Cloud) for Dougong: the connector, and its sandbox."""
