/*
 * What a shell script cannot do, for the tests: clients that misbehave or are many, servers that
 * do, waiting with a bound, and a process group for each case. ADDR is what a server prints that it
 * listens on.
 *
 *   case SECONDS COMMAND…   run it in a process group of its own, of which nothing stays; after
 *                           SECONDS it is ended, and what was still running is printed
 *   moment                  wait a little; exit with 1 when the case's time is over
 *   clock                   print milliseconds of a clock that only goes forward
 *   await FILE PATTERN      wait until a line of FILE matches the extended regular expression
 *   gone PID…               wait until none of them runs
 *   children PID            print the numbers of its children
 *   group COMMAND…          run it in a process group of its own, where Ctrl-C would end it
 *   limit PID N             set its soft limit of descriptors
 *   wakeups PID             how often its threads and children are woken in a second
 *   freeport                a port that nobody has, UDP or TCP, and that the kernel gives nobody
 *
 * Clients:
 *   talk ADDR TEXT…         send each TEXT alone, wait for its echo, half-close; print the echoes
 *   hold ADDR N             N connections, each answered; print "held N"; at SIGUSR1 each is
 *                           answered once more, and ends
 *   crowd ADDR N            N connections at once, a line each; all must come back
 *   turns ADDR N            the same, but each ends before the next one's answer is awaited
 *   row ADDR N              N connections one after another, a line each
 *   touch ADDR N            N connections that are closed at once, every other one by a reset
 *   reset ADDR              send a line, read half of the answer, reset
 *   stuck ADDR [BYTES]      send until the server takes no more, or until it has taken BYTES; never
 *                           read; print "stuck N"
 *   flood ADDR              send and read without end
 *   ping ADDR N             N lines, each answered before the next
 *   owed ADDR BYTES         send BYTES, half-close, only then read them all
 *   drip ADDR TEXT          send TEXT a byte at a time without waiting, half-close, hear the echo
 *   leave ADDR              send what comes on stdin and close, without reading an answer
 *
 * Servers, which print "listening on" and what ADDR, a path or 127.0.0.1:0, has become:
 *   refuse ADDR             do not listen, so that who connects is refused
 *   mute ADDR               accept a client and never answer it
 *   full ADDR               accept nobody, with a full queue: who connects gets no answer
 *   hangup ADDR             read a line, answer half of it and close
 *   linger ADDR             echo until the client's input ends, and then never close
 *   slip ADDR               echo a text for each client, one client at a time; "session 7" wrongly
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/talk.h"

#define NAP_MS 2

static char block[65536];

/* ---- Clients */

static size_t line_text(char text[64], int i)
{
	return (size_t)snprintf(text, 64, "this is line %d of a client\n", i);
}

static void say_line(int fd, int i)
{
	char text[64];
	size_t n = line_text(text, i);

	say(fd, text, n);
}

static void hear_line(int fd, int i)
{
	char text[64];
	size_t n = line_text(text, i);

	hear(fd, text, n);
}

static void end(int fd)
{
	shutdown(fd, SHUT_WR);
	hear_end(fd);
	close(fd);
}

static void cut(int fd)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
}

/* N clients that have sent a line each; all take a step before any takes the next. */
static int *dial_many(const char *addr, int n)
{
	int *fds = allocate((size_t)n * sizeof(*fds));

	allow_descriptors();
	for (int i = 0; i < n; i++)
		fds[i] = dial(addr);
	for (int i = 0; i < n; i++)
		say_line(fds[i], i);
	return fds;
}

static void end_many(int *fds, int n)
{
	for (int i = 0; i < n; i++)
		shutdown(fds[i], SHUT_WR);
	for (int i = 0; i < n; i++)
		end(fds[i]);
	free(fds);
}

static void crowd(char *args[])
{
	int n = number(args[1]), *fds = dial_many(args[0], n);

	for (int i = 0; i < n; i++)
		hear_line(fds[i], i);
	end_many(fds, n);
}

static void hold(char *args[])
{
	hold_signal();
	int n = number(args[1]), *fds = dial_many(args[0], n);
	for (int i = 0; i < n; i++)
		hear_line(fds[i], i);
	put_line("held %d", n);
	await_signal();
	for (int i = 0; i < n; i++)
		say_line(fds[i], i);
	for (int i = 0; i < n; i++)
		hear_line(fds[i], i);
	end_many(fds, n);
}

static void turns(char *args[])
{
	int n = number(args[1]), *fds = dial_many(args[0], n);

	for (int i = 0; i < n; i++) {
		hear_line(fds[i], i);
		end(fds[i]);
	}
	free(fds);
}

static void row(char *args[])
{
	for (int i = 0; i < number(args[1]); i++) {
		int fd = dial(args[0]);
		say_line(fd, i);
		hear_line(fd, i);
		end(fd);
	}
}

static void ping(char *args[])
{
	int fd = dial(args[0]);

	for (int i = 0; i < number(args[1]); i++) {
		say_line(fd, i);
		hear_line(fd, i);
	}
}

static void touch(char *args[])
{
	for (int i = 0; i < number(args[1]); i++) {
		int fd = dial(args[0]);
		if (i % 2 == 0)
			cut(fd);
		else
			close(fd);
	}
}

static void reset(char *args[])
{
	int fd = dial(args[0]);

	say(fd, "to be cut off\n", 14);
	hear(fd, "to be", 5);
	cut(fd);
}

/* Sends what the server takes now; returns how many bytes. */
static size_t push(int fd)
{
	ssize_t n = send(fd, block, sizeof(block), MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n == -1 && errno != EAGAIN)
		die_errno("send");
	return n == -1 ? 0 : (size_t)n;
}

static void stuck(char *args[])
{
	struct pollfd p = {.fd = dial(args[0]), .events = POLLOUT};
	size_t sent = 0, most = args[1] != NULL ? (size_t)number(args[1]) : SIZE_MAX;

	while (sent < most &&
	       poll(&p, 1, 500) == 1) /* half a second without room: the server does not read */
		sent += push(p.fd);
	put_line("stuck %zu", sent);
	pause();
}

static void flood(char *args[])
{
	static char echo[sizeof(block)];
	struct pollfd p = {.fd = dial(args[0]), .events = POLLIN | POLLOUT};

	memset(block, 'y', sizeof(block));
	put_line("flooding");
	for (;;) {
		if (poll(&p, 1, ms_left()) <= 0)
			die("the server neither takes nor gives");
		if (p.revents & POLLIN && recv(p.fd, echo, sizeof(echo), MSG_DONTWAIT) == 0)
			die("the server closed");
		if (p.revents & POLLOUT)
			push(p.fd);
	}
}

static void owed(char *args[])
{
	size_t n = (size_t)number(args[1]);
	char *text = allocate(n);
	struct pollfd p = {.fd = dial(args[0]), .events = POLLOUT};

	for (size_t i = 0; i < n; i++)
		text[i] = (char)('a' + i % 26);
	/* Both sides' buffers may be too small for all: a child sends, and reading starts when it
	 * has ended or when the server takes no more for a while. */
	if (new_process() == 0) {
		say(p.fd, text, n);
		shutdown(p.fd, SHUT_WR);
		_exit(0);
	}
	while (poll(&p, 1, 200) == 1 && waitpid(-1, NULL, WNOHANG) == 0)
		nap_ms(NAP_MS);
	hear(p.fd, text, n);
	hear_end(p.fd);
	free(text);
}

static void drip(char *args[])
{
	int fd = dial(args[0]);
	size_t n = strlen(args[1]);

	for (size_t i = 0; i < n; i++)
		say(fd, args[1] + i, 1);
	shutdown(fd, SHUT_WR);
	hear(fd, args[1], n);
	hear_end(fd);
}

static void leave(char *args[])
{
	int fd = dial(args[0]);
	ssize_t n;

	while ((n = read(STDIN_FILENO, block, sizeof(block))) > 0)
		say(fd, block, (size_t)n);
	close(fd);
}

static void talk(char *args[])
{
	int fd = dial(args[0]);

	for (args++; *args != NULL; args++) {
		say(fd, *args, strlen(*args));
		size_t n = hear_some(fd, block, strlen(*args));
		printf("%.*s", (int)n, block);
	}
	fflush(stdout);
	end(fd);
}

/* ---- Servers */

/* Prints "listening on", and returns the first client. */
static int first_client(const char *addr)
{
	int lfd = bound_to(addr, SOCK_STREAM);

	if (listen(lfd, 16) == -1)
		die_errno("listen");
	print_address("listening", lfd);
	int cfd = accept(lfd, NULL, NULL);
	if (cfd == -1)
		die_errno("accept");
	return cfd;
}

static void refuse(char *args[])
{
	print_address("listening", bound_to(args[0], SOCK_STREAM));
	pause();
}

/* A queue for 0 holds one connection; the kernel drops what others send to connect. listen(2) */
static void full(char *args[])
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	int lfd = bound_to(args[0], SOCK_STREAM), fd;

	if (listen(lfd, 0) == -1 || getsockname(lfd, (struct sockaddr *)&sa, &len) == -1)
		die_errno("listen");
	fd = socket(sa.ss_family, SOCK_STREAM, 0);
	if (fd == -1 || connect(fd, (struct sockaddr *)&sa, len) == -1)
		die_errno("connect");
	print_address("listening", lfd);
	pause();
}

static void mute(char *args[])
{
	first_client(args[0]);
	pause();
}

static void hangup(char *args[])
{
	int cfd = first_client(args[0]);
	size_t n = 0;

	while (n < sizeof(block) && hear_some(cfd, block + n, 1) == 1 && block[n++] != '\n')
		;
	capitals(block, n);
	say(cfd, block, n / 2);
}

static void linger(char *args[])
{
	int cfd = first_client(args[0]);
	ssize_t n;

	while ((n = recv(cfd, block, sizeof(block), 0)) > 0) {
		capitals(block, (size_t)n);
		say(cfd, block, (size_t)n);
	}
	put_line("the input ended");
	pause();
}

static void slip(char *args[])
{
	int lfd = bound_to(args[0], SOCK_STREAM), cfd;

	if (listen(lfd, 16) == -1)
		die_errno("listen");
	print_address("listening", lfd);
	while ((cfd = accept(lfd, NULL, NULL)) != -1) {
		ssize_t n = recv(cfd, block, sizeof(block), 0);
		capitals(block, n > 0 ? (size_t)n : 0);
		if (n == 10 && memcmp(block, "SESSION 7\n", 10) == 0)
			block[0] = 's';
		if (n > 0)
			say(cfd, block, (size_t)n);
		close(cfd);
	}
}

/* ---- Waiting, and processes */

static void moment(char *args[])
{
	(void)args;
	if (ms_left() == 1)
		exit(EXIT_FAILURE);
	nap_ms(NAP_MS);
}

static void print_clock(char *args[])
{
	(void)args;
	put_line("%lld", (long long)clock_ms());
}

static void await(char *args[])
{
	regex_t regex;

	if (regcomp(&regex, args[1], REG_EXTENDED | REG_NOSUB | REG_NEWLINE) != 0)
		die("bad pattern: %s", args[1]);
	bool found = false;
	for (bool last = false; !found && !last; nap_ms(found ? 0 : NAP_MS)) {
		last = ms_left() == 1;
		FILE *f = fopen(args[0], "r");
		while (!found && f != NULL && fgets(block, sizeof(block), f) != NULL)
			found = regexec(&regex, block, 0, NULL, 0) == 0;
		if (f != NULL)
			fclose(f);
	}
	regfree(&regex);
	if (!found)
		exit(EXIT_FAILURE); /* tests/lib.sh prints what did not come */
}

static void gone(char *args[])
{
	int parent;
	char state;

	for (; *args != NULL; args++) {
		while (process_state(number(*args), &state, &parent) && state != 'Z') {
			if (ms_left() == 1)
				die("process %s was to end, and still runs", *args);
			nap_ms(NAP_MS);
		}
	}
}

/* Calls EACH for every process whose parent is PID. */
static void each_child(int pid, void (*each)(int pid))
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int parent;
	char state;

	if (proc == NULL)
		die_errno("/proc");
	while ((entry = readdir(proc)) != NULL) {
		int other = number(entry->d_name);
		if (other > 0 && process_state(other, &state, &parent) && parent == pid)
			each(other);
	}
	closedir(proc);
}

static void print_pid(int pid)
{
	printf("%d\n", pid);
}

static void children(char *args[])
{
	each_child(number(args[0]), print_pid);
}

static long slept;

static void add_wakeups(int pid)
{
	char path[300], text[256];
	struct dirent *entry;
	long n;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	DIR *tasks = opendir(path);
	while (tasks != NULL && (entry = readdir(tasks)) != NULL) {
		snprintf(path, sizeof(path), "/proc/%d/task/%.20s/status", pid, entry->d_name);
		FILE *f = fopen(path, "r");
		while (f != NULL && fgets(text, sizeof(text), f) != NULL)
			if (sscanf(text, "voluntary_ctxt_switches: %ld", &n) == 1)
				slept += n;
		if (f != NULL)
			fclose(f);
	}
	if (tasks != NULL)
		closedir(tasks);
}

static void wakeups(char *args[])
{
	int pid = number(args[0]);

	add_wakeups(pid);
	each_child(pid, add_wakeups);
	long before = slept;
	nap_ms(1000);
	slept = 0;
	add_wakeups(pid);
	each_child(pid, add_wakeups);
	put_line("%ld", slept - before);
}

static void limit(char *args[])
{
	struct rlimit limit;

	if (prlimit(number(args[0]), RLIMIT_NOFILE, NULL, &limit) == -1)
		die_errno("prlimit");
	limit.rlim_cur = (rlim_t)number(args[1]);
	if (prlimit(number(args[0]), RLIMIT_NOFILE, &limit, NULL) == -1)
		die_errno("prlimit");
}

static void print_free_port(char *args[])
{
	(void)args;
	put_line("%d", free_port());
}

static void run(char *command[])
{
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_DFL); /* sh has what runs in the background ignore it */
	execvp(command[0], command);
	die_errno(command[0]);
}

static void group(char *args[])
{
	setpgid(0, 0);
	run(args);
}

static volatile sig_atomic_t the_case, out_of_time;

static void end_case(int signo)
{
	(void)signo;
	if (the_case > 0)
		kill(-the_case, SIGKILL);
}

static void kill_pid(int pid)
{
	kill(pid, SIGKILL);
}

static void print_command(int pid)
{
	char path[64], text[200] = "";

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	int fd = open(path, O_RDONLY);
	ssize_t n = fd == -1 ? 0 : read(fd, text, sizeof(text) - 1);
	for (ssize_t i = 0; i < n - 1; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	if (n > 0)
		fprintf(stderr, "  %s\n", text);
	close(fd);
}

/* Its children, and theirs: the shell waits for one of them. */
static void print_commands(int pid)
{
	print_command(pid);
	each_child(pid, print_commands);
}

static void time_is_up(int signo)
{
	(void)signo;
	out_of_time = 1;
}

static int run_case(int seconds, char *argv[])
{
	struct sigaction action = {.sa_handler = end_case};
	char deadline[32];
	int status;

	/* What a killed server leaves is ours to see and to end. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	action.sa_handler = time_is_up;
	sigaction(SIGALRM, &action, NULL);
	/* Waits end a little earlier, so that they can say what they waited for. */
	snprintf(deadline, sizeof(deadline), "%lld", (long long)clock_ms() + seconds * 900LL);
	pid_t pid = new_process();
	if (pid == 0) {
		setpgid(0, 0);
		setenv("DEADLINE", deadline, 1);
		run(argv);
	}
	setpgid(pid, pid);
	the_case = pid;
	alarm((unsigned)seconds);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR) {
		if (!out_of_time)
			continue;
		fprintf(stderr, "not done after %d s; still running:\n", seconds);
		each_child(pid, print_commands);
		kill(-pid, SIGKILL);
	}
	alarm(0);
	kill(-pid, SIGKILL);
	do /* and what has a group of its own */
		each_child(getpid(), kill_pid);
	while (waitpid(-1, NULL, 0) != -1);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char *argv[])
{
	static const struct word words[] = {
	    {"moment", 0, moment}, {"clock", 0, print_clock}, {"await", 2, await},
	    {"gone", 0, gone},	   {"children", 1, children}, {"group", 1, group},
	    {"limit", 2, limit},   {"wakeups", 1, wakeups},   {"freeport", 0, print_free_port},
	    {"talk", 2, talk},	   {"hold", 2, hold},	      {"crowd", 2, crowd},
	    {"turns", 2, turns},   {"row", 2, row},	      {"touch", 2, touch},
	    {"reset", 1, reset},   {"stuck", 1, stuck},	      {"flood", 1, flood},
	    {"ping", 2, ping},	   {"owed", 2, owed},	      {"drip", 2, drip},
	    {"refuse", 1, refuse}, {"mute", 1, mute},	      {"hangup", 1, hangup},
	    {"linger", 1, linger}, {"slip", 1, slip},	      {"full", 1, full},
	    {"leave", 1, leave},
	};

	if (argc > 3 && strcmp(argv[1], "case") == 0)
		return run_case(number(argv[2]), argv + 3);
	return run_word(words, sizeof(words) / sizeof(words[0]), argv);
}
