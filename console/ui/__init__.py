"""The pages of the desk and what they share: the table of actions, background jobs, notices, the undo history.

May enter: whatever puts the product's own facts into `widgets` and brings the operator's wishes back. May not enter:
painting (`widgets`), starting and stopping the program (`console.desk`), inference, sockets.
"""
