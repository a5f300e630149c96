# Each break under breaks/ does what it says. PROGRAM is the break's name; these cases run in make
# test-breaks only.

# shellcheck source=tests/breaks/twin.sh
. "$TESTS/breaks/twin.sh"
SUITE=${TESTS%/tests}
BREAK=$SUITE/breaks/$PROGRAM

# played BIN: the scene with the programs there.
played() {
	status=0
	play_scene "$BREAK" "$1" >scene 2>&1 || status=$?
	[ $status -ne 77 ] || skip "$(sed -n 's/^skipped: //p' scene)"
	[ $status -eq 0 ] || fail "the scene: $(cat scene)"
}

# The edit applies and compiles without a warning, the scene shows the symptom with the twin and not
# with the healthy program, and the named case fails with the twin and gives a reason.
#: break 180s
twin() {
	make_twin "$BREAK" "$PWD/twin" >said || fail "$(cat said)"
	expect "the compiler's words" '' "$(cat said)"
	PATIENCE=20 played "$SUITE"
	! shows "$BREAK" scene || fail "the healthy program shows the symptom: $(cat scene)"
	tries=$(field_of "$BREAK" tries)
	patience=2
	until PATIENCE=$patience played "$PWD/twin" && shows "$BREAK" scene; do
		[ $patience -lt 4 ] || fail "no line '$(field_of "$BREAK" shows)': $(cat scene)"
		tries=$((${tries:-1} - 1))
		[ $tries -gt 0 ] || patience=4 # perhaps the machine was too busy: once more
	done
	caught
	graded
}

# caught: by the case, in one of three runs, because the symptom may differ from run to run.
caught() {
	# shellcheck disable=SC2046 # several words
	set -- $(field_of "$BREAK" caught)
	for _ in 1 2 3; do
		unset T FILES
		case $2 in
		libevent/*) export T=libevent ;;
		esac
		! BOUND=60 BIN=$PWD/twin "$TESTS/run" "$@" >said || continue
		grep -q "^FAIL $1 " said || fail "$*: $(cat said)"
		[ "$(sed -n '/^FAIL/,/alone:/p' said | wc -l)" -gt 2 ] || fail "a failure without a reason: $(cat said)"
		! grep -q '^ *not done after 60 s' said || fail "the case has no bound of its own: $(cat said)"
		return
	done
	fail "$* passes with the twin"
}

# graded: make grade takes the points of the first level that names this break from the twin, if one does.
graded() {
	broken=$(field_of "$BREAK" program)
	broken=${broken%% *}
	kind=$(awk -v broken="$broken" '$1 == broken { print $2 }' "$TESTS/programs")
	[ -n "$kind" ] || return 0
	case $broken in
	*client) of=C option='' where='{host} {port}' kinds="client.* $kind" ;;
	*) of=S option=-q where='{port}' kinds=$kind ;;
	esac
	case $broken in
	unix/*) where='{path}' ;;
	esac
	levels_for "$kinds" >levels
	[ -s levels ] || return 0
	level=$(sed -n 's/^\([^#\t|]*[^ |]\) *|.*/\1/p' levels | tail -n 1)
	env KIND="$kind" LEVELS=levels "$of='$PWD/twin/$broken' $option $where" "$BIN/tests/grade/grade" >report 2>&1 || :
	grep -Eq "^ *[0-9]+ $level +0/10 " report || fail "make grade finds nothing at '$level': $(cat report)"
}

# levels_for KINDS: the part of tests/grade/levels that has the first level for KINDS that names the break,
# and the levels that this one needs. Nothing if no level names it.
levels_for() {
	awk -F ' *[|] *' -v wanted=" $PROGRAM " -v kinds="$1" '
		/^[^#\t]/ { name = $1; order[++n] = name; counts = " " $3 " " ~ " " kinds " "; needs[name] = $4 }
		/^[^#]/ { text[name] = text[name] $0 "\n" }
		/^\t/ && counts && first == "" && index(" " $4 " ", wanted) { first = name }
		END {
			if (first == "")
				exit
			keep[first] = 1
			for (i = n; i > 0; i--)
				if (order[i] in keep) {
					split(needs[order[i]], list, /, */)
					for (j in list)
						keep[list[j]] = 1
				}
			keep["any level"] = 1
			for (i = 1; i <= n; i++)
				if (order[i] in keep)
					printf "%s", text[order[i]]
		}' "$TESTS/grade/levels"
}
