# Prints the calls in two columns, the client's on the left, with an arrow for what reaches the other side.
# That a process waits is shown only if something else happens meanwhile; then the end of the wait has a
# line of its own: "accept(3:listen) waits", … "..accept = 4, from 127.0.0.1:50000".
# A line is as wide as width or less; it is cut, never wrapped. The rows are kept until the end, because a
# column is only as wide as its longest text.

BEGIN {
	if (colour) { shade["C"] = "\033[36m"; shade["S"] = "\033[33m"; arrow_shade = "\033[1m"; plain = "\033[0m" }
	measure("C", client)
	measure("S", server)
}

function measure(side, text) {
	sub(/\n.*/, "...", text)
	if (length(text) > column[side]) column[side] = length(text)
}

# share_width(): where both columns do not fit, the shorter one gets what it needs, or both get half.
function share_width(    all, half) {
	all = width - length("12345.1  " " --> ")
	if (column["C"] + column["S"] <= all) return
	half = int(all / 2)
	if (half < 24) half = 24
	if (column["C"] <= half) column["S"] = all - column["C"]
	else if (column["S"] <= half) column["C"] = all - column["S"]
	else column["C"] = column["S"] = half
}

# fit(TEXT, COLUMN): what is too wide loses the end of its buffer or, without one, of its arguments; the
# result stays.
function fit(text, column,    kept) {
	sub(/\n.*/, "...", text)
	if (length(text) <= column) return text
	if (match(text, /"([^"\\]|\\.)*"(\.\.\.)?/)) {
		kept = column - (length(text) - (RSTART + RLENGTH - 1)) - length("\"...")
		if (kept > RSTART) return substr(text, 1, kept) "\"..." substr(text, RSTART + RLENGTH)
		text = substr(text, 1, RSTART - 1) "..." substr(text, RSTART + RLENGTH)
		if (length(text) <= column) return text
	}
	if (match(text, /\)( = |$)/)) {
		kept = column - (length(text) - (RSTART - 1)) - length("...")
		if (kept > 0) return substr(text, 1, kept) "..." substr(text, RSTART)
	}
	return substr(text, 1, column - 3) "..."
}

function padded(text) { return sprintf("%-" column["C"] "s", text) }

function keep_row(process, time, text, arrow) {
	rows++
	row_time[rows] = time
	row_side[rows] = substr(process, 1, 1)
	row_text[rows] = text
	row_arrow[rows] = arrow
	measure(row_side[rows], text)
}

function print_row(i,    text) {
	text = fit(row_text[i], column[row_side[i]])
	printf "%7.1f  ", (row_time[i] - row_time[1]) * 1000
	if (row_side[i] == "C")
		print shade["C"] (row_arrow[i] ? padded(text) plain arrow_shade " -->" : text) plain
	else
		print padded("") arrow_shade (row_arrow[i] ? " <-- " : "     ") plain shade["S"] text plain
}

# Who else waits meanwhile is shown first, in the order in which they began.
function show_waiting(but,    process, first) {
	do {
		first = ""
		for (process in since)
			if (process != but && (first == "" || since[process] < since[first])) first = process
		if (first != "") {
			keep_row(first, since[first], waiting[first] " waits")
			shown_waiting[first] = 1
			delete since[first]
		}
	} while (first != "")
}

function participant(process, title) { }

function does(process, time, text, arrow) {
	show_waiting(text ~ /\*\*\* / ? "" : process) # a signal ends its own process's wait, too
	keep_row(process, time, text, arrow)
}

function waits(process, time, text) {
	since[process] = time
	waiting[process] = text
}

# The end of a wait that has been shown repeats the name of the call only: "[child 1] ..recv = …".
function returns(process, time, text, result,    label) {
	delete since[process]
	if (shown_waiting[process]) {
		label = match(text, /^\[[a-z0-9 ]*\] /) ? substr(text, 1, RLENGTH) : ""
		sub(/\(.*/, "", text)
		text = label ".." substr(text, length(label) + 1)
		delete shown_waiting[process]
	}
	does(process, time, text " = " result)
}

END {
	show_waiting("")
	share_width()
	printf "%7s  %s%s     %s%s%s\n", "ms", shade["C"], padded(fit(client, column["C"])), plain shade["S"],
		fit(server, column["S"]), plain
	for (i = 1; i <= rows; i++) print_row(i)
}
