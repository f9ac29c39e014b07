"""Reports for board, auditor and funders: each described once (shape.py), shown as page, CSV, XLSX and PDF."""
