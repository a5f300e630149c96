# Turns a printed Mermaid diagram into rows as in a timeline, for rows.awk.

function row(id, text, arrow) {
	if (id in title) text = "[" title[id] "] " text
	print "    0.0  " (id ~ /^C/ ? text (arrow ? " -->" : "") : "    " (arrow ? "<-- " : "") text)
}

/^ *participant .* as (client|server).s ((child|thread) [0-9]+|worker)$/ {
	id = $2
	sub(/.* as (client|server).s /, "")
	title[id] = $0
}
/^ *Note over / {
	id = substr($3, 1, length($3) - 1)
	sub(/^ *Note over [A-Z0-9]+: /, "")
	n = split($0, note, /<br\/>/)
	for (i = 1; i <= n; i++) row(id, note[i])
}
/^ *[CS][0-9]+->>/ {
	id = $1
	sub(/->>.*/, "", id)
	sub(/^[^:]*: /, "")
	row(id, $0, 1)
}
