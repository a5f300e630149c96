# summary.csv -> a table that reads in a terminal and as Markdown.
BEGIN {
	FS = ","
	heads = split("server|1 x 64 B|64 x 64 B|1,000 x 64 B|64 x 16 KiB|bulk, MB/s|churn, conn/s|" \
		"CPU/message|memory/idle|answer, 1,000 idle|processes, threads", head, "|")
	columns = split("|ping,1,64|ping,64,64|ping,1000,64|ping,64,16384|bulk,8,64|churn,8,64", load, "|")
}
NR == 1 {
	next
}
!($1 in row) {
	row[$1] = ++rows
	cell[rows, 1] = $1 == "tests/bench/ceiling" ? "the ceiling" : $1
}
{
	r = row[$1]
	what = $2 "," $3 "," $4
	for (c = 2; c <= columns; c++)
		if (load[c] == what)
			cell[r, c] = short($6) sprintf(" ±%.0f%%", $7 / 2) \
				($8 == "" ? "" : sprintf(" %.2f", $8))
	if (what == "ping,64,64" || (what == "ping,1,64" && cell[r, 8] == "")) {
		cell[r, 8] = sprintf("%.1f µs", $11)
		cell[r, 11] = sprintf("%d, %d", $13, $14)
	}
	if (what == "idle,1000,64") {
		cell[r, 9] = $12 >= 1024 ? sprintf("%.1f KiB", $12 / 1024) : sprintf("%d B", $12)
		cell[r, 10] = sprintf("%.0f µs", $9)
	}
}
END {
	for (c = 1; c <= heads; c++) {
		cell[0, c] = head[c]
		for (r = 0; r <= rows; r++)
			if (width(cell[r, c]) > widest[c])
				widest[c] = width(cell[r, c])
	}
	for (r = 0; r <= rows; r++) {
		line = "|"
		for (c = 1; c <= heads; c++)
			line = line " " pad(cell[r, c], widest[c], c > 1) " |"
		print line
		if (r == 0) {
			line = "|"
			for (c = 1; c <= heads; c++)
				line = line " " dashes(widest[c] - (c > 1)) (c > 1 ? ":" : "") " |"
			print line
		}
	}
}

# Characters, where awk may count bytes.
function width(text) {
	gsub(/±|µ/, "x", text)
	return length(text)
}

function pad(text, to, right,    blanks) {
	blanks = sprintf("%" (to - width(text)) "s", "")
	if (to == width(text))
		blanks = ""
	return right ? blanks text : text blanks
}

function dashes(n,    s) {
	while (n-- > 0)
		s = s "-"
	return s
}

function short(n) {
	return n >= 9999.5 ? sprintf("%.1fk", n / 1000) : sprintf("%d", n)
}
