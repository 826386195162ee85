"""Looking: face and plate models asked about a picture, on threads of their own, each answer or failure in words.

May enter: what a model is asked and how its answers are put together.
May not enter: what is covered (`models.coverage`).
"""
