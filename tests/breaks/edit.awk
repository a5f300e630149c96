# Prints FILE, a source of the suite, as a break changes it.
#   awk -f edit.awk -v file=FILE BREAK FILE
# An edit is a string that occurs exactly once in FILE, and its replacement. Blanks, line ends and
# comments are ignored in the search, so that an edit outlives a new layout of the source. A comment
# that ends the last changed line goes with it.
FNR == NR {
	if (/^edit: /)
		ours = $2 == file
	else if (/^[a-z]+:/)
		ours = 0
	else if (ours && /^  -/) {
		if (!removing)
			edits++
		removing = 1
		old[edits] = old[edits] substr($0, 4)
	} else if (ours && /^  \+/) {
		new[edits] = removing ? substr($0, 5) : new[edits] "\n" substr($0, 5)
		removing = 0
	}
	if (/^edit: /) # what follows belongs to another edit
		removing = 0
	next
}
{
	text = text $0 "\n"
}
END {
	for (i = 1; i <= edits; i++)
		change(old[i], new[i])
	printf "%s", text
}

function change(from, to,    bare, at, n, p, c, start, end, indent)
{
	n = 0
	bare = ""
	for (p = 1; p <= length(text); p++) {
		c = substr(text, p, 1)
		if (substr(text, p, 2) == "/*")
			p += index(substr(text, p), "*/")
		else if (c !~ /[ \t\n]/) {
			bare = bare c
			at[++n] = p
		}
	}
	gsub(/\/\*[^*]*\*\/|[ \t]/, "", from)
	p = index(bare, from)
	if (p == 0 || index(substr(bare, p + 1), from) > 0) {
		print file ": expected this exactly once, saw it " (p == 0 ? "nowhere" : "again") ": " from >"/dev/stderr"
		exit 1
	}
	start = at[p]
	end = at[p + length(from) - 1]
	if (match(substr(text, end + 1), /^[ \t]*\/\*[^*]*\*\/\n/))
		end += RLENGTH - 1
	match(substr(text, 1, start - 1), /[^\n]*$/)
	indent = substr(text, RSTART, RLENGTH)
	if (indent ~ /[^ \t]/)
		indent = ""
	if (to == "" && substr(text, end + 1, 1) == "\n") { # nothing is left of the line
		end++
		start -= length(indent)
	}
	gsub(/\n/, "\n" indent, to)
	text = substr(text, 1, start - 1) to substr(text, end + 1)
}
