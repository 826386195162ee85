"""The Review page: what is in doubt, one at a time, judged by one key.

May enter: the page, what it reads ahead and decodes ahead, its words.
May not enter: rows and verdicts themselves (`console.review`), the canvas and the strip (`widgets`).
"""
