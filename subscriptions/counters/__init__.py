"""What processes count while they work: kept in memory, added to a table every few seconds, shown at /metrics.

Why a table and not prometheus-client's files for several processes: web server and cluster have private folders and may
run on several machines, so no process could read the files of all. In the table a process that ends leaves nothing
behind, its numbers stay, and an operator has nothing to set up.
"""
