# runs.csv -> summary.csv: the medians of the rounds, how far they spread, and the ratio to the
# ceiling in the same round.
BEGIN {
	FS = OFS = ","
	print "server,load,connections,bytes,rounds,per_second,spread_percent,ratio,p50_us,p99_us," \
		"server_cpu_us,memory_per_connection,processes,threads"
}
NR > 1 {
	what = $3 OFS $4 OFS $5
	key = $2 OFS what
	if (!(key in rounds))
		order[++keys] = key
	n = ++rounds[key]
	whats[key] = what
	round[key, n] = $1
	for (i = 7; i <= 13; i++)
		value[key, i, n] = $i
	if ($2 == "tests/bench/ceiling")
		ceiling[what, $1] = $7
}
END {
	for (k = 1; k <= keys; k++) {
		key = order[k]
		n = rounds[key]
		ratios = 0
		for (r = 1; r <= n; r++) {
			list[r] = value[key, 7, r]
			if ((whats[key], round[key, r]) in ceiling)
				ratio[++ratios] = list[r] / ceiling[whats[key], round[key, r]]
		}
		speed = median(list, n)
		spread = speed > 0 ? 100 * (list[n] - list[1]) / speed : 0
		printf "%s,%d,%.1f,%.1f,%s", key, n, speed, spread,
			ratios ? sprintf("%.3f", median(ratio, ratios)) : ""
		for (i = 8; i <= 13; i++) {
			for (r = 1; r <= n; r++)
				list[r] = value[key, i, r]
			printf ",%g", median(list, n)
		}
		print ""
	}
}

# The median of LIST[1] to LIST[N], which are in order afterwards.
function median(list, n,    i, j, x) {
	for (i = 2; i <= n; i++) {
		x = list[i] + 0
		for (j = i - 1; j > 0 && list[j] + 0 > x; j--)
			list[j + 1] = list[j]
		list[j + 1] = x
	}
	return (list[int((n + 1) / 2)] + list[int(n / 2) + 1]) / 2
}
