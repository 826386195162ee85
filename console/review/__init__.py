"""Review: what a person is asked about, what he says, and what follows from it.

May enter: triage's recorder, rows and queries, the verdicts' lane, figures.
May not enter: Qt, the pipeline's threads (results come in as values), gold sets and formats (`console.datasets`).
"""
