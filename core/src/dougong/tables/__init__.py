"""Tables that people keep in a spreadsheet: files (CSV, XLSX), code tables, decision tables, exchange rates."""
