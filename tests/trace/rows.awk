# Reads a printed timeline back, for causes.awk and sequences.awk. Each row sets
#   side (C or S), who ("", "child 1" or "worker"), text, arrow (1 if it reaches the other side)
# and the end of a wait gets the whole call again: "..recv = 6" becomes "recv(4:client) = 6".
# The beginnings of waits are passed over, and so is everything that is no row.

!/^ *[0-9]+\.[0-9]  / { next }
{
	text = substr($0, index($0, ".") + 4)
	side = text ~ /^ / ? "S" : "C"
	sub(/^ +/, "", text)
	arrow = sub(/^<-- /, "", text) + sub(/ +-->$/, "", text)
	who = ""
	if (match(text, /^\[[a-z]+( [0-9]+)?\] /)) {
		who = substr(text, 2, RLENGTH - 3)
		text = substr(text, RLENGTH + 1)
	}
	if (who == "parent" || who == "main" || who == "server") who = ""
}
sub(/ waits$/, "", text) { waited[side, who] = text; next }
sub(/^\.\.[a-z_0-9]+/, "", text) { text = waited[side, who] text }
