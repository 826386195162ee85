"""Workers: they take jobs, run the models of their tasks on the files, and write down what was found.

A worker claims jobs under a lease, opens their files (`reading`, `opening`), gives them to models in batches
(`batching`, `cascade`, `looking`) and settles them (`settling`) while the next ones are read. Threads: the loop and
its models' caller (the one that runs `Worker.run`), one that claims and reads, one that settles, one that renews, one
that listens to the broker.

May enter: models through `console.pipeline.loader` and `backends`, cv2, the metrics' library. May not enter: HTTP, the
libraries of brokers and databases; a worker reads the folder of files and never holds its lock.
"""
