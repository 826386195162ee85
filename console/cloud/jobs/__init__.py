"""Work that is queued: a row of the database for each file and task, which alone says how it stands.

May enter: values and what is done with rows of jobs. May not enter: brokers (`console.cloud.waking`), models
(`console.cloud.working`).
"""
