# summary.csv -> a line for each server: its name and, for each of LOADS ("ping:1:64 ..."), what
# stands in COLUMN and half its spread. Servers that did none of them are left out.
BEGIN {
	FS = ","
	n = split(loads, load, " ")
}
NR > 1 {
	sub("tests/bench/", "", $1)
	if (!($1 in row)) {
		row[$1] = ++rows
		name[rows] = $1
	}
	value[row[$1], $2 ":" $3 ":" $4] = $column
	half[row[$1], $2 ":" $3 ":" $4] = $column * $7 / 200
}
END {
	for (r = 1; r <= rows; r++) {
		line = name[r]
		some = 0
		for (i = 1; i <= n; i++) {
			some += value[r, load[i]] > 0
			line = line "," (value[r, load[i]] > 0 ? value[r, load[i]] "," half[r, load[i]] : "NaN,NaN")
		}
		if (some)
			print line
	}
}
