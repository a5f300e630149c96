# With rows.awk: what all runs of a pair have in common. Each side's calls in their order, those of its
# children or threads and of a worker apart, because how they interleave differs from run to run. Ports, the numbers of
# processes, the user and the size of buffers are left out, and so is what follows the SIGTERM, because the
# end of a crew has no order.

text ~ /^\*\*\* SIGTERM/ { stopped[side] = 1 }
stopped[side] { next }
{
	gsub(/[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+:[0-9]+/, "ADDRESS", text)
	sub(/pid=[0-9]+, uid=[0-9]+, gid=[0-9]+/, "WHO", text)
	sub(/BUF, [0-9]+/, "BUF, BYTES", text)
	gsub(/\.[0-9]+\.socket/, ".PID.socket", text)
	gsub(/child [0-9]+/, "child N", text)
	gsub(/thread [0-9]+/, "thread N", text)
	whose = who == "" ? "first" : who == "worker" ? who : "others"
	sequence[side, whose] = sequence[side, whose] text (arrow ? " -->" : "") "\n"
}
END {
	printf "client:\n%s", sequence["C", "first"]
	printf "its children or threads:\n%s", sequence["C", "others"]
	printf "server:\n%s", sequence["S", "first"]
	printf "its children or threads:\n%s", sequence["S", "others"]
	if (("S", "worker") in sequence) printf "its worker:\n%s", sequence["S", "worker"]
}
