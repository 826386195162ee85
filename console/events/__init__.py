"""Events: what was seen for the first time, kept with its redacted thumbnail until somebody has acknowledged it.

May enter: rules that say what is an event, the recorder that turns results into rows and pictures, queries over them.
May not enter: Qt, the pipeline's threads (results come in as values), anything that sends: what is to leave goes into
the outbox.
"""
