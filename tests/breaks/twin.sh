# Makes the twin of a program: the same program with one mistake in it. For tests/breaks/run and
# tests/cases/breaks.sh. SUITE is the suite's folder, and everything in it is built.

# field_of BREAK NAME
field_of() {
	awk -f "$SUITE/tests/breaks/field.awk" -v name="$2" "$1"
}

# files_of BREAK: the sources that its edits change.
files_of() {
	sed -n 's/^edit: *//p' "$1" | sort -u
}

# make_twin BREAK FOLDER: a copy of the sources in FOLDER, with the edits, in which the programs that
# the break names are built. All others are links to the healthy ones. Prints what the compiler says.
make_twin() {
	mkdir -p "$2/build"
	(cd "$SUITE" && tar cf - Makefile ./*/*.[ch] build/plain) | tar xpf - -C "$2"
	for file in $(files_of "$1"); do
		awk -f "$SUITE/tests/breaks/edit.awk" -v file="$file" "$1" "$SUITE/$file" >"$2/$file" || return 1
	done
	programs=$(field_of "$1" program)
	# shellcheck disable=SC2086 # several words
	env -u MAKEFLAGS -u MAKEOVERRIDES make -s -C "$2" $programs 2>&1 || return 1
	(cd "$SUITE" && find ./*/* -maxdepth 0 -type f -perm -100) | while read -r file; do
		[ -e "$2/$file" ] || ln -s "$SUITE/$file" "$2/$file"
	done
}

# play_scene BREAK BIN: plays it with the programs in BIN, in a folder of its own.
play_scene() {
	folder=$(mktemp -d)
	(cd "$folder" && BREAK=$1 BIN=$2 "$SUITE/tests/peer" case 120 \
		sh -eu "$SUITE/tests/lib.sh" "$SUITE/tests" "$SUITE/tests/breaks/play.sh" play break break)
	scene_status=$?
	rm -rf "${folder:?}"
	return $scene_status
}

# shows BREAK TRANSCRIPT: whether the symptom is in it, in a line that was not typed.
shows() {
	grep -v '^[$>] ' "$2" | grep -Eq -- "$(field_of "$1" shows)"
}
