# Prints the calls in two columns, the client's on the left, with an arrow for what reaches the other side.
# That a process waits is shown only if something else happens meanwhile; then the end of the wait has a
# line of its own: "accept(3:listen) waits", … "..accept = 4, from 127.0.0.1:50000".
# A line is as wide as width or less; it is cut, never wrapped.

BEGIN {
	column = int((width - length("12345.1  " " --> ")) / 2)
	if (column < 24) column = 24
	if (colour) { shade["C"] = "\033[36m"; shade["S"] = "\033[33m"; arrow_shade = "\033[1m"; plain = "\033[0m" }
	printf "%7s  %s%s     %s%s%s\n", "ms", shade["C"], padded(fit(client)), plain shade["S"], fit(server), plain
}

# fit(TEXT): what is too wide loses the end of its buffer or, without one, of its arguments; the result stays.
function fit(text,    kept) {
	sub(/\n.*/, "...", text)
	if (length(text) <= column) return text
	if (match(text, /"([^"\\]|\\.)*"(\.\.\.)?/)) {
		kept = column - (length(text) - (RSTART + RLENGTH - 1)) - length("\"...")
		if (kept > RSTART) return substr(text, 1, kept) "\"..." substr(text, RSTART + RLENGTH)
	}
	if (match(text, /\) = /)) {
		kept = column - (length(text) - (RSTART - 1)) - length("...")
		if (kept > 0) return substr(text, 1, kept) "..." substr(text, RSTART)
	}
	return substr(text, 1, column - 3) "..."
}

function padded(text) { return sprintf("%-" column "s", text) }

function print_row(process, time, text, arrow,    side) {
	if (zero == "") zero = time
	side = substr(process, 1, 1)
	text = fit(text)
	printf "%7.1f  ", (time - zero) * 1000
	if (side == "C")
		print shade["C"] (arrow ? padded(text) plain arrow_shade " -->" : text) plain
	else
		print padded("") arrow_shade (arrow ? " <-- " : "     ") plain shade["S"] text plain
}

# Who else waits meanwhile is shown first, in the order in which they began.
function show_waiting(but,    process, first) {
	do {
		first = ""
		for (process in since)
			if (process != but && (first == "" || since[process] < since[first])) first = process
		if (first != "") {
			print_row(first, since[first], waiting[first] " waits")
			shown_waiting[first] = 1
			delete since[first]
		}
	} while (first != "")
}

function participant(process, title) { }

function does(process, time, text, arrow) {
	show_waiting(process)
	print_row(process, time, text, arrow)
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

END { show_waiting("") }
