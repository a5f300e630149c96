# Prints one field of a break: what stands behind "NAME:" and on the indented lines under it.
#   awk -f field.awk -v name=NAME BREAK
/^[a-z]+:/ {
	inside = index($0, name ":") == 1
	sub(/^[a-z]+: */, "")
	if (inside && $0 != "")
		print
	next
}
inside {
	sub(/^  /, "")
	print
}
