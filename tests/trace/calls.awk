# Puts each call of the sorted list into words and hands it to timeline.awk or mermaid.awk, which define
#   participant(process, title)             a process or thread that appears
#   does(process, time, text, arrow)        a call; arrow: it reaches the other side
#   waits(process, time, text)              a call that has to wait
#   returns(process, time, text, result)    its end, or that of a call that did not have to wait
# A process is "C.PID" for the client's side, "S.PID" for the server's. Shown are calls on descriptors that
# belong to the dialogue, and what happens to processes; the loader, logs and libraries are left out by that.

BEGIN {
	client = ENVIRON["B"]; server = ENVIRON["A"]; stage = ENVIRON["STAGE"] "/" # paths of sockets are shown without it
}

# --- Text ----------------------------------------------------------------------------------------------

# before(S, MARK), after(S, MARK): what stands in front of the first MARK or behind it; S if there is none.
function before(s, mark,    i) { return (i = index(s, mark)) ? substr(s, 1, i - 1) : s }
function after(s, mark,    i) { return (i = index(s, mark)) ? substr(s, i + length(mark)) : s }

function address(s) {
	if (s ~ /sun_path=/) {
		s = before(after(after(s, "sun_path="), "\""), "\"")
		return index(s, stage) == 1 ? substr(s, length(stage) + 1) : s
	}
	if (s !~ /htons\(/) return "(unnamed)"
	match(s, /"[0-9a-f.:]+"/)
	return substr(s, RSTART + 1, RLENGTH - 2) ":" before(after(s, "htons("), ")")
}

# The buffer of a call as strace quotes it, "..." behind it if it is longer.
function buffer(s) {
	return match(s, /"([^"\\]|\\.)*"(\.\.\.)?/) ? substr(s, RSTART, RLENGTH) : ""
}

function add(list, item) { return list (list == "" || item == "" ? "" : ", ") item }

# --- Descriptors ---------------------------------------------------------------------------------------
# file[OWNER, FD] is the open file behind a descriptor; an owner is a process with all its threads. Several
# descriptors can share one file, after dup or fork: the connection ends when the last of them is closed.
# For each file: role, type (STREAM or DGRAM), copies, nonblocking, finished when its end was sent, and inner
# when it is no part of the way between the two sides.

function new_file(fd, its_role, its_type) {
	files++
	role[files] = its_role; type[files] = its_type
	share(owner, fd, files)
}

function share(by, fd, f) {
	file[by, fd] = f
	copies[f]++
}

function set_nonblocking(fd, s) { nonblocking[file[owner, fd]] = s ~ /O_NONBLOCK|SOCK_NONBLOCK/ }

function known(fd) { return (owner, fd) in file }
function name(fd) { return known(fd) ? fd ":" role[file[owner, fd]] : fd }
function connected(fd,    f) { f = file[owner, fd]; return role[f] == "client" || role[f] == "server" }

# drop(FD): closes it; returns whether the other side sees the end of the connection.
function drop(fd,    f, seen) {
	f = file[owner, fd]
	seen = --copies[f] == 0 && connected(fd) && type[f] == "STREAM" && !finished[f]
	delete file[owner, fd]
	return seen
}

# drop_all(LOWEST): those of the owner from LOWEST on, as exit or execve do; returns the names of those
# whose end the other side sees.
function drop_all(lowest,    key, part, its_name, seen) {
	for (key in file) {
		split(key, part, SUBSEP)
		its_name = name(part[2])
		if (part[1] == owner && part[2] + 0 >= lowest && drop(part[2])) seen = add(seen, its_name)
	}
	return seen
}

# ends(TEXT): the process ends, and with it the connections that only it still has.
function ends(text,    closed) {
	closed = drop_all(0)
	says(text (closed == "" ? "" : ", closes " closed), closed != "")
}

# Descriptors in a message between the processes of one side, [4, 5]: what is sent has one copy more, and what
# is received is what was sent first and not received yet.

function rights(s,    list, n, i) {
	if (!match(s, /SCM_RIGHTS, cmsg_data=\[[0-9, ]+\]/)) return ""
	list = after(substr(s, RSTART, RLENGTH - 1), "[")
	n = split(list, passed_fd, ", ")
	for (i = 1; i <= n; i++)
		if (call == "sendmsg") copies[on_the_way[++passed] = file[owner, passed_fd[i]]]++
		else file[owner, passed_fd[i]] = on_the_way[++received]
	return ", descriptor " (call == "sendmsg" ? name(list) : list)
}

# --- The sets of select, poll and epoll ----------------------------------------------------------------

function events(s) { gsub(/E?POLL/, "", s); return s }

# ready(LIST): the result of a wait for the descriptors of LIST.
function ready(list) { return value == "0" ? "0, time-out" : value + 0 > 0 && list != "" ? list : result }

# [{fd=3, events=POLLIN}, {fd=-1}], also with revents: an entry of -1 is none; with 0 for events it waits for
# an error or a hang-up.
function poll_set(s,    list, fd, what) {
	while (match(s, /fd=[0-9]+, r?events=(0|[A-Z|]+)/)) {
		fd = before(substr(s, RSTART + 3, RLENGTH), ",")
		what = after(substr(s, RSTART, RLENGTH), "events=")
		if (known(fd)) list = add(list, name(fd) (what == "0" ? "" : " " events(what)))
		s = substr(s, RSTART + RLENGTH)
	}
	return list
}

# {events=EPOLLIN, data={u32=3, u64=3}}: watched tells what the program gave as data to epoll_ctl.
function epoll_set(s,    list, one, fd) {
	while (match(s, /events=[A-Z|]+, data=(\{[^}]*\}|[^}]*)/)) {
		one = substr(s, RSTART, RLENGTH)
		s = substr(s, RSTART + RLENGTH)
		fd = watched[owner, after(one, "data=")]
		if (known(fd)) list = add(list, name(fd) " " events(before(after(one, "events="), ",")))
	}
	return list
}

function descriptors(s, way,    list, i, n, fds) { # "[3 4]"
	n = split(substr(s, 2, length(s) - 2), fds, " ")
	for (i = 1; i <= n; i++) if (known(fds[i])) list = add(list, name(fds[i]) " " way)
	return list
}

# The arguments: 5, [3 4], NULL, NULL, NULL.
function select_set(s,    list, nth) {
	for (nth = 1; nth <= 2 && match(s, /NULL|\[[0-9 ]*\]/); nth++) {
		if (substr(s, RSTART, 1) == "[")
			list = add(list, descriptors(substr(s, RSTART, RLENGTH), nth == 1 ? "IN" : "OUT"))
		s = substr(s, RSTART + RLENGTH)
	}
	return list
}

# The result: 2 (in [3], out [4]).
function select_result(s,    list) {
	if (match(s, /in \[[0-9 ]*\]/)) list = descriptors(substr(s, RSTART + 3, RLENGTH - 3), "IN")
	if (match(s, /out \[[0-9 ]*\]/)) list = add(list, descriptors(substr(s, RSTART + 4, RLENGTH - 4), "OUT"))
	return list
}

# --- Processes and threads -----------------------------------------------------------------------------

# The first process of a side. The server's stdin, stdout and stderr are no part of the dialogue.
function first_process() {
	main_process[side] = process
	owner_of[process] = owner = process
	participant(process, side == "C" ? client : server)
	if (side == "C") { new_file(0, "stdin"); new_file(1, "stdout") }
}

# Another program on the same side: the worker of a server that passes its clients on.
function another_program() {
	owner_of[process] = owner = process
	title[process] = "worker"
	if (title[main_process[side]] == "") title[main_process[side]] = "server"
	participant(process, title[process])
}

# fork or pthread_create: a thread shares the descriptors, a child gets a copy of each.
function creates(child,    key, part, inherited, fd) {
	is_thread[child] = args ~ /CLONE_THREAD/
	owner_of[child] = is_thread[child] ? owner : child
	if (!is_thread[child]) {
		for (key in file) {
			split(key, part, SUBSEP)
			if (part[1] == owner) inherited[part[2]] = file[key]
		}
		for (fd in inherited) share(child, fd, inherited[fd])
	}
	if (is_thread[child]) begun[side] = 1 # a pool may be there before the first socket
	if (begun[side]) says((is_thread[child] ? "pthread_create" : "fork") "() = " title_of(child))
}

# title_of(P): what P is called from its first row on. The first process needs a title only among others.
function title_of(p) {
	if (title[p] == "" && p != main_process[side]) {
		created[side]++
		title[p] = (is_thread[p] ? "thread " : "child ") created[side]
		participant(p, title[p])
		if (title[main_process[side]] == "") title[main_process[side]] = is_thread[p] ? "main" : "parent"
	}
	return title[p]
}

function process_name(pid) { return (side "." pid) in owner_of ? title_of(side "." pid) : pid }

# --- One call ------------------------------------------------------------------------------------------

function labelled(text,    label) { return (label = title_of(process)) == "" ? text : "[" label "] " text }

function says(text, arrow) { does(process, time, labelled(text), arrow) }

# A call that may have to wait, and what it brought. A signal that interrupts it is shown first.
function learns(text, brought) {
	if (kind == "call" && brought == "interrupted") interrupted[process] = labelled(text)
	else if (kind == "wait") waits(process, time, labelled(text))
	else returns(process, time, labelled(text), brought)
}

{
	time = $1; process = $3; kind = $4
	side = substr(process, 1, 1)
	line = substr($0, index($0, " " kind " ") + length(kind) + 2)
	if (!(side in main_process)) first_process()
	owner = owner_of[process]

	# line is "CALL(ARGS) = RESULT"; result starts with value, and errno is the error's name if there is one.
	call = before(line, "(")
	args = after(line, "(")
	result = ""
	if (match(args, /.*\) += /)) {
		result = substr(args, RLENGTH + 1)
		args = substr(args, 1, RLENGTH)
		sub(/\) += $/, "", args)
	}
	value = before(result, " ")
	errno = value == "-1" ? before(after(result, "-1 "), " ") : ""
	failure = errno == "" ? "" : " = -1 " errno
	if (errno != "") result = "-1 " errno
	if (errno == "EINTR" || result ~ /ERESTART/) result = "interrupted"
	split(args, arg, ", ")
	fd = arg[1]
}

call ~ /^[a-z0-9_]+$/ && result == "" { next } # a line that was cut off
errno == "ENOTSOCK" { next } # a trial: what takes no send is written to
call == "socket" && (errno != "" || index(args, family) != 1) { next } # a library that asks for names

# Processes

call == "execve" && owner == "" { another_program() }
call == "execve" && errno == "" { drop_all(begun[side] ? 3 : 2) }
call ~ /^(v?fork|clone3?)$/ && value + 0 > 0 { creates(side "." value) }
!begun[side] && call !~ /^(socket|io_uring_setup)$/ { next }
{ begun[side] = 1 }

line ~ /^--- / {
	says("*** " before(after(line, "--- "), " "))
	if (process in interrupted) returns(process, time, interrupted[process], "interrupted")
	delete interrupted[process]
	next
}
line ~ /^\+\+\+ killed/ { ends("*** killed by " before(after(line, "killed by "), " ")); next }
line ~ /^\+\+\+/ { if (is_thread[process]) says("ends"); next }
call == "exit_group" { ends("exit(" args ")"); next }
call == "wait4" { learns("waitpid()", value + 0 > 0 ? process_name(value) : result); next }
call == "kill" { says("kill(" process_name(arg[1]) ", " arg[2] ")" failure); next }
call == "pause" || call == "rt_sigsuspend" { learns(call "()", result); next }

# The waits for several descriptors

call ~ /^p?poll$/ {
	about = 0
	for (s = args; match(s, /fd=[0-9]+/); s = substr(s, RSTART + RLENGTH))
		if (known(substr(s, RSTART + 3, RLENGTH - 3))) about = 1
	if (about)
		learns("poll(" poll_set(before(args, "]")) ")", ready(poll_set(result)))
	next
}
call ~ /select/ {
	s = select_set(args)
	if (s != "") learns("select(" s ")", ready(select_result(result)))
	next
}

# A descriptor from here on

call == "io_uring_setup" { new_file(value, "ring"); says("io_uring_setup() = " value failure); next }
call ~ /^epoll_create/ { new_file(value, "epoll"); says("epoll_create1() = " value); next }
call == "socket" {
	new_file(value, "socket", args ~ /SOCK_DGRAM/ ? "DGRAM" : "STREAM")
	if (family == "AF_" && args ~ /^AF_UNIX/) inner[file[owner, value]] = 1
	set_nonblocking(value, args)
	says("socket(" arg[1] ", " before(arg[2], "|SOCK_CLOEXEC") ") = " value)
	next
}
call == "socketpair" && match(args, /\[[0-9]+, [0-9]+\]/) {
	split(substr(args, RSTART + 1, RLENGTH - 2), arg, ", ")
	new_file(arg[1], "pair"); new_file(arg[2], "pair")
	says("socketpair() = " arg[1] ", " arg[2])
	next
}
call ~ /^dup[23]$/ && errno == "" && fd != value && known(value) { drop(value) }
!known(fd) { next }
call ~ /^epoll_p?wait2?$/ { learns("epoll_wait()", ready(epoll_set(args))); next }
call == "io_uring_enter" { # what the kernel then does is no call, and is not seen
	learns("io_uring_enter(" name(fd) ", submit " arg[2] ")", result)
	next
}
call == "epoll_ctl" {
	if (match(args, /data=.*\}/)) watched[owner, substr(args, RSTART + 5, RLENGTH - 6)] = arg[3]
	s = match(args, /events=[A-Z|0-9]+/) ? " " events(substr(args, RSTART + 7, RLENGTH - 7)) : ""
	if (known(arg[3])) says("epoll_ctl(" after(arg[2], "EPOLL_CTL_") " " name(arg[3]) s ")" failure)
	next
}
call ~ /^dup/ || (call == "fcntl" && arg[2] ~ /^F_DUPFD/) {
	if (errno == "" && value != fd) share(owner, value, file[owner, fd])
	says("dup(" name(fd) ") = " value)
	next
}
call == "fcntl" {
	if (arg[2] != "F_SETFL") next
	set_nonblocking(fd, args)
	if (args ~ /O_NONBLOCK/) says("fcntl(" name(fd) ", O_NONBLOCK)" failure)
	next
}
kind == "wait" && nonblocking[file[owner, fd]] { next } # it took long, but not by waiting
call ~ /^[gs]etsockopt$/ {
	s = after(args, arg[3] ", ") # the value: [1], 4 or {imr_multiaddr=inet_addr("239.0.0.2"), …}, 12
	sub(/, \[?[0-9]+\]?$/, "", s)
	gsub(/inet_addr\(|[][{}")]|imr_[a-z]+=/, "", s)
	sub(/_(OLD|NEW)$/, "", arg[3])
	says(call "(" name(fd) ", " arg[3] (s ~ /\\/ ? "" : ", " s) ")" failure)
	next
}
call == "bind" { says("bind(" name(fd) ", " address(args) ")" failure); next }
call == "listen" {
	if (errno == "") role[file[owner, fd]] = inner[file[owner, fd]] ? "path" : "listen"
	says("listen(" name(fd) ")" failure)
	next
}
call ~ /^accept/ {
	if (value + 0 > 0 && kind == "call") {
		s = inner[file[owner, fd]]
		new_file(value, s ? "peer" : "client", "STREAM")
		inner[file[owner, value]] = s
		set_nonblocking(value, args)
	}
	learns("accept(" name(fd) ")", value + 0 > 0 ? value ", from " address(args) : result)
	next
}

# What goes over the connection; an arrow where the other side sees it

call == "connect" {
	role[file[owner, fd]] = inner[file[owner, fd]] ? "path" : "server"
	says("connect(" name(fd) ", " address(args) ")" failure,
	     type[file[owner, fd]] == "STREAM" && !inner[file[owner, fd]] && (errno == "" || errno == "EINPROGRESS"))
	next
}
call ~ /^(readv?|recv.*)$/ {
	s = buffer(args)
	from = args ~ /sa_family/ ? ", from " address(after(args, s)) : ""
	end = value == 0 && type[file[owner, fd]] != "DGRAM" ? ", end of file" : ""
	if (call == "recvfrom" && args ~ /NULL, NULL$/) call = "recv" # the same system call
	if (call == "recvmsg" && kind == "call") from = from rights(args)
	learns(call "(" name(fd) ")", value + 0 > 0 ? value " " s from : result end)
	next
}
call ~ /^(writev?|send.*)$/ {
	s = buffer(args)
	to = args ~ /sa_family/ ? ", " address(after(args, s)) : ""
	if (call == "sendto" && args ~ /NULL, 0$/) call = "send"
	if (call == "sendmsg" && errno == "") to = to rights(args)
	says(call "(" name(fd) ", " s to ") = " result,
	     errno == "" && type[file[owner, fd]] != "" && !inner[file[owner, fd]])
	next
}
call == "shutdown" {
	s = connected(fd) && errno == "" && arg[2] != "SHUT_RD"
	says("shutdown(" name(fd) ", " arg[2] ")" failure, s && !finished[file[owner, fd]])
	if (s) finished[file[owner, fd]] = 1
	next
}
call == "close" && role[file[owner, fd]] !~ /^std/ { s = name(fd); says("close(" s ")" failure, drop(fd)) }
