# match_faiss.py PROFILES: the twenty greatest inner products of so many vectors of 32 numbers with one, in one thread, as
# FAISS finds them. Prints name=value.
import sys
import time

import faiss
import numpy

n = int(sys.argv[1])
faiss.omp_set_num_threads(1)
chance = numpy.random.default_rng(17)
index = faiss.IndexFlatIP(32)
index.add(chance.standard_normal((n, 32), dtype="float32"))
queries = chance.standard_normal((120, 1, 32), dtype="float32")
took = []
for query in queries:
    began = time.thread_time()
    index.search(query, 20)
    took.append((time.thread_time() - began) * 1000)
took.sort()
print(f"faiss_p50_ms={took[len(took) // 2]:.2f} faiss_p99_ms={took[len(took) * 99 // 100]:.2f}")
