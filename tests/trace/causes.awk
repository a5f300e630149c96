# With rows.awk: fails if a row of a timeline stands before what caused it, and prints it.

function needs(cause, is_there) {
	if (is_there || unseen[other[side]]) return
	print "line " NR " before " cause ": " $0
	wrong = 1
}

BEGIN { other["C"] = "S"; other["S"] = "C" }

# What io_uring sends, receives and closes is no call.
text ~ /^io_uring_enter/ { unseen[side] = 1 }

# What is sent must have been received, and what is received must have been sent.
arrow && text ~ /^connect/ { connects++ }
arrow && text ~ /^(send|write)/ { sent[side] += number(text) }
arrow && text ~ /^(shutdown|close|exit|\*\*\* killed)/ { ended[side]++ }
text ~ /^accept\([0-9]+:listen\) = [0-9]/ { needs("its connect", ++accepts <= connects) }
text ~ /^(read|recv)[a-z]*\([0-9]+:(client|server|socket)\) = [1-9]/ {
	received[side] += number(text)
	needs("it was sent", received[side] <= sent[other[side]])
}
text ~ /^(read|recv)[a-z]*\([0-9]+:(client|server)\) = 0, end/ { needs("the other side's end", ended[other[side]]) }
match(text, /\) = .*:listen IN/) { needs("a connect", connects > 0) }
match(text, /\) = .*:(client|server) IN/) {
	needs("something to read", sent[other[side]] > received[side] || ended[other[side]])
}
text ~ /^send.*:(client|socket), .* = / && side == "S" { needs("it was received", sent["S"] <= received["S"]) }

# Processes and threads.
match(text, /= (child|thread) [0-9]+$/) && text ~ /^(fork|pthread_create)/ { born[side, substr(text, RSTART + 2)] = 1 }
who != "" && who != "worker" { needs("its fork or pthread_create", (side, who) in born) }
text ~ /^(exit|\*\*\* killed)/ { gone[side, who] = 1 }
match(text, /= child [0-9]+$/) && text ~ /^waitpid/ { needs("its end", (side, substr(text, RSTART + 2)) in gone) }

function number(text) {
	match(text, / = [0-9]+/)
	return substr(text, RSTART + 3, RLENGTH - 3) + 0
}

END { exit wrong }
