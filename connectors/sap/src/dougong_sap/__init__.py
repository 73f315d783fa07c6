"""SAP S/4HANA for Dougong: journal entries over SOAP, read back over OData, and an emulated S/4HANA."""
