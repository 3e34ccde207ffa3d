"""What a study found, for people: numbers as text, tables, figures, a short report.

Everything here reads finished results and changes none of them.
"""
