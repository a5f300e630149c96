# Prints the calls as a Mermaid sequence diagram: arrows for what reaches the other side, notes for what a
# process does between two arrows. Waiting is not drawn: a call stands where it returns.
# Everything is kept until the end, because only then it is known which process an arrow goes to.

function participant(process, title,    side) {
	side = substr(process, 1, 1)
	people[side]++
	id[process] = side people[side]
	if (people[side] == 1) first[side] = process
	if (people[side] > 1) title = (side == "C" ? "client's " : "server's ") title
	declared[side] = declared[side] "    participant " id[process] " as " escaped(title) "\n"
}

# What has a meaning of its own in Mermaid.
function escaped(text) {
	sub(/\n.*/, "...", text)
	gsub(/#/, "\001", text)
	gsub(/;/, "#59;", text)
	gsub(/</, "#lt;", text)
	gsub(/>/, "#gt;", text)
	gsub(/\001/, "#35;", text)
	return text
}

function finish_note() {
	if (note != "") rows[++count] = "Note over " id[noted] ": " note
	note = ""
}

function does(process, time, text, arrow) {
	sub(/^\[[a-z0-9 ]*\] /, "", text) # the participant's name says it
	text = escaped(text)
	if (arrow) {
		finish_note()
		rows[++count] = text
		sender[count] = process
		return
	}
	if (process != noted) finish_note()
	noted = process
	note = note (note == "" ? "" : "<br/>") text
}

function waits(process, time, text) { }

# An arrow goes to the process that accepts or reads next.
function returns(process, time, text, result,    i) {
	if (text ~ /(accept|read|recv).*\([0-9]+:(listen|client|server|socket)/ && result ~ /^[0-9]/)
		for (i in sender)
			if (receiver[i] == "" && substr(sender[i], 1, 1) != substr(process, 1, 1)) receiver[i] = process
	does(process, time, text " = " result)
}

END {
	finish_note()
	printf "```mermaid\nsequenceDiagram\n%s%s", declared["C"], declared["S"]
	for (i = 1; i <= count; i++) {
		if (i in sender) {
			if (receiver[i] == "") receiver[i] = first[sender[i] ~ /^C/ ? "S" : "C"]
			printf "    %s->>%s: %s\n", id[sender[i]], id[receiver[i]], rows[i]
		} else
			print "    " rows[i]
	}
	print "```"
}
