/*
 * What a shell script cannot do, for the tests: clients that misbehave or are many, waiting with a
 * bound, and a process group for each case. ADDR is what a server says it listens on.
 *
 *   case SECONDS COMMAND…   run it in a process group of its own, of which nothing stays
 *   await FILE PATTERN      wait until a line of FILE matches the extended regular expression
 *   gone PID…               wait until none of them runs
 *   children PID            print the numbers of its children
 *   group COMMAND…          run it in a process group of its own
 *   terminal COMMAND…       run it on a terminal of which only the first line is read, and printed;
 *                           the rest, slowly, when its child gets SIGUSR1
 *   limit PID N             set its soft limit of descriptors
 *   no-memory PID           no more memory for it than it has
 *   memory PID              as much as it may have at most
 *   wakeups PID             how often its threads and children are woken in a second
 *   freeport                a port that nobody has, UDP or TCP, and that the kernel gives nobody
 *   refuse                  hold a TCP port on which nobody listens; says "refusing on ADDR"
 *   talk ADDR TEXT…         send each TEXT alone, wait for its echo, half-close; print the echoes
 *   hold ADDR N             N connections, each answered; say "held N", keep them to stdin's end
 *   crowd ADDR N            N connections at once, a line each; all must come back
 *   turns ADDR N            the same, but each ends before the next one's answer is awaited
 *   row ADDR N              N connections one after another, a line each
 *   touch ADDR N            N connections that are closed at once, every other one by a reset
 *   reset ADDR              send a line, read half of the answer, reset
 *   stuck ADDR              send until the server takes no more, never read; say "stuck N"
 *   flood ADDR              send and read without end
 *   ping ADDR N             N lines, each answered before the next
 *   owed ADDR BYTES         send BYTES, half-close, only then read them all
 *   drip ADDR TEXT          send TEXT a byte at a time without waiting, half-close, print the echo
 *   mute                    a server that accepts and never answers; says "listening on ADDR"
 *   hangup                  a server that reads a line, answers half of it and closes; the same
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <regex.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "wrap/echo.h"
#include "wrap/net.h"
#include "wrap/run.h"
#include "wrap/wrap.h"

#define BOUND_MS 60000 /* no wait is longer: a test that fails must end */

static void die(const char *what)
{
	errno = 0;
	perr_exit(what);
}

static int number(const char *text)
{
	return (int)strtol(text, NULL, 10);
}

static void nap(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
}

/* A connected socket; what it waits for is bounded. */
static int dial(const char *addr)
{
	struct timeval bound = {.tv_sec = BOUND_MS / 1000};
	struct sockaddr_storage sa = {0};
	const char *colon = strrchr(addr, ':');
	socklen_t len;

	if (colon == NULL) {
		struct sockaddr_un *sun = (struct sockaddr_un *)&sa;
		sun->sun_family = AF_UNIX;
		snprintf(sun->sun_path, sizeof(sun->sun_path), "%s", addr);
		len = sizeof(*sun);
	} else if (addr[0] == '[') {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&sa;
		in6->sin6_family = AF_INET6;
		in6->sin6_addr = in6addr_loopback;
		in6->sin6_port = htons((uint16_t)number(colon + 1));
		len = sizeof(*in6);
	} else {
		struct sockaddr_in *in = (struct sockaddr_in *)&sa;
		in->sin_family = AF_INET;
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		in->sin_port = htons((uint16_t)number(colon + 1));
		len = sizeof(*in);
	}
	int fd = Socket(sa.ss_family, SOCK_STREAM, 0);
	Connect(fd, (struct sockaddr *)&sa, len);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof(bound));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof(bound));
	return fd;
}

static void say(int fd, const char *text, size_t n)
{
	if (Writen(fd, text, n) == -1)
		perr_exit("send");
}

/* The next N bytes must be TEXT upper-cased. */
static void hear(int fd, const char *text, size_t n)
{
	char *want = malloc(n + 1), *got = malloc(n + 1);

	if (want == NULL || got == NULL)
		perr_exit("malloc");
	memcpy(want, text, n);
	upper(want, n);
	ssize_t len = Readn(fd, got, n);
	if (len == -1)
		perr_exit("receive");
	size_t same = 0;
	while (same < (size_t)len && want[same] == got[same])
		same++;
	if (same < n) {
		got[len] = want[n] = '\0';
		errno = 0;
		complain("%zd of %zu bytes came; from byte %zu on expected '%.40s', saw '%.40s'",
			 len, n, same, want + same, got + same);
		exit(EXIT_FAILURE);
	}
	free(want);
	free(got);
}

static void hear_end(int fd)
{
	char c;
	ssize_t n = Read(fd, &c, 1);

	if (n == -1)
		perr_exit("end of the echo");
	if (n != 0)
		die("more came back than was sent");
}

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

static void line(int fd, int i)
{
	say_line(fd, i);
	hear_line(fd, i);
}

static void reset(int fd)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	Close(fd);
}

static void end(int fd)
{
	shutdown(fd, SHUT_WR);
	hear_end(fd);
	Close(fd);
}

/* A step of all before the next: with thousands a wait of the server for each would be long. */
static int many(const char *addr, int n, const char *how)
{
	int *fds = calloc((size_t)n, sizeof(*fds));
	char eof;

	raise_descriptor_limit();
	if (fds == NULL)
		perr_exit("calloc");
	for (int i = 0; i < n; i++)
		fds[i] = dial(addr);
	for (int i = 0; i < n; i++)
		say_line(fds[i], i);
	for (int i = 0; i < n; i++) {
		hear_line(fds[i], i);
		if (how[0] == 't')
			end(fds[i]);
	}
	if (how[0] == 'h') {
		printf("held %d\n", n);
		fflush(stdout);
		while (Read(STDIN_FILENO, &eof, 1) > 0)
			;
	}
	for (int i = 0; how[0] != 't' && i < n; i++)
		shutdown(fds[i], SHUT_WR);
	for (int i = 0; how[0] != 't' && i < n; i++)
		end(fds[i]);
	free(fds);
	return 0;
}

static int row(const char *addr, int n)
{
	for (int i = 0; i < n; i++) {
		int fd = dial(addr);
		line(fd, i);
		end(fd);
	}
	return 0;
}

static int touch(const char *addr, int n)
{
	for (int i = 0; i < n; i++) {
		int fd = dial(addr);
		if (i % 2 == 0)
			reset(fd);
		else
			Close(fd);
	}
	return 0;
}

static int stuck(const char *addr)
{
	static char block[65536];
	int fd = dial(addr);
	size_t sent = 0;
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	memset(block, 'x', sizeof(block));
	while (poll(&p, 1, 500) ==
	       1) { /* half a second without room: the server has stopped reading */
		ssize_t n = send(fd, block, sizeof(block), MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n == -1 && errno != EAGAIN)
			perr_exit("send");
		if (n > 0)
			sent += (size_t)n;
	}
	printf("stuck %zu\n", sent);
	fflush(stdout);
	pause();
	return 0;
}

/* Sends BYTES of lines and reads them back, as many at a time as both sides take. */
static int flood(const char *addr)
{
	static char block[65536];
	int fd = dial(addr);

	memset(block, 'y', sizeof(block));
	printf("flooding\n");
	fflush(stdout);
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT};
		if (poll(&p, 1, BOUND_MS) <= 0)
			die("the server neither takes nor gives");
		if (p.revents & POLLIN && recv(fd, block, sizeof(block), MSG_DONTWAIT) == 0)
			die("the server closed");
		memset(block, 'y', sizeof(block));
		if (p.revents & POLLOUT &&
		    send(fd, block, sizeof(block), MSG_DONTWAIT | MSG_NOSIGNAL) == -1 &&
		    errno != EAGAIN)
			perr_exit("send");
	}
}

static int owed(const char *addr, size_t n)
{
	char *text = malloc(n);
	int fd = dial(addr);

	if (text == NULL)
		perr_exit("malloc");
	for (size_t i = 0; i < n; i++)
		text[i] = (char)('a' + i % 26);
	/* Both sides' buffers may be smaller than that: a child sends, and only its end starts the
	 * reading; what can't be sent by then is sent while the parent reads. */
	if (fork() == 0) {
		say(fd, text, n);
		shutdown(fd, SHUT_WR);
		_exit(0);
	}
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	while (poll(&p, 1, 200) == 1 && waitpid(-1, NULL, WNOHANG) == 0)
		nap();
	hear(fd, text, n);
	hear_end(fd);
	free(text);
	return 0;
}

static int drip(const char *addr, const char *text)
{
	int fd = dial(addr);
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++)
		say(fd, text + i, 1);
	shutdown(fd, SHUT_WR);
	hear(fd, text, n);
	hear_end(fd);
	return 0;
}

static int talk(const char *addr, char *texts[])
{
	int fd = dial(addr);
	char buf[4096];

	for (; *texts != NULL; texts++) {
		say(fd, *texts, strlen(*texts));
		ssize_t n = Readn(fd, buf, strlen(*texts));
		if (n == -1)
			perr_exit("receive");
		printf("%.*s", (int)n, buf);
	}
	fflush(stdout);
	shutdown(fd, SHUT_WR);
	hear_end(fd);
	return 0;
}

static void say_address(const char *what, int fd)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	char text[ADDRESS_TEXT];

	if (getsockname(fd, (struct sockaddr *)&sa, &len) == -1)
		perr_exit("getsockname");
	address_text((struct sockaddr *)&sa, len, text);
	printf("%s on %s\n", what, text);
	fflush(stdout);
}

/* A bound socket that does not listen: nobody else gets its port, and who connects is refused. */
static int refuse(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = Socket(AF_INET, SOCK_STREAM, 0);

	Bind(fd, (struct sockaddr *)&in, sizeof(in));
	say_address("refusing", fd);
	pause();
	return 0;
}

/* A server for the tests of clients: it takes one client and then does what HANGUP says. */
static int bad_server(bool hangup)
{
	char buf[512];
	int lfd = tcp_listen("127.0.0.1", 0);

	say_address("listening", lfd);
	int cfd = accept(lfd, NULL, NULL);
	if (cfd == -1)
		perr_exit("accept");
	ssize_t n = Readline(cfd, buf, sizeof(buf));
	if (!hangup)
		pause();
	upper(buf, (size_t)n);
	say(cfd, buf, (size_t)n / 2);
	Close(cfd);
	return 0;
}

static int await(const char *file, const char *pattern)
{
	regex_t regex;
	char text[65536];

	if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB | REG_NEWLINE) != 0)
		die("bad pattern");
	for (int64_t end = now_ms() + BOUND_MS; now_ms() < end; nap()) {
		FILE *f = fopen(file, "r");
		if (f == NULL)
			continue;
		while (fgets(text, sizeof(text), f) != NULL) {
			if (regexec(&regex, text, 0, NULL, 0) == 0) {
				fclose(f);
				regfree(&regex);
				return 0;
			}
		}
		fclose(f);
	}
	errno = 0;
	complain("no line '%s' came in %s", pattern, file);
	return 1;
}

/* The field after the command's name in /proc/PID/stat: state, then parent. */
static bool process(int pid, char *state, int *parent)
{
	char path[64], text[512];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	FILE *f = fopen(path, "r");
	if (f == NULL)
		return false;
	bool there = fgets(text, sizeof(text), f) != NULL;
	fclose(f);
	const char *end = there ? strrchr(text, ')') : NULL;
	return end != NULL && sscanf(end + 1, " %c %d", state, parent) == 2;
}

static int gone(char *pids[])
{
	int64_t end = now_ms() + BOUND_MS;
	int parent;
	char state;

	for (; *pids != NULL; pids++) {
		while (process(number(*pids), &state, &parent) && state != 'Z') {
			if (now_ms() > end) {
				errno = 0;
				complain("process %s still runs", *pids);
				return 1;
			}
			nap();
		}
	}
	return 0;
}

/* Calls EACH for every child of PID; returns how many there were. */
static int each_child(int pid, void (*each)(int pid))
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int parent, n = 0;
	char state;

	if (proc == NULL)
		perr_exit("/proc");
	while ((entry = readdir(proc)) != NULL) {
		int other = number(entry->d_name);
		if (other > 0 && process(other, &state, &parent) && parent == pid) {
			each(other);
			n++;
		}
	}
	closedir(proc);
	return n;
}

static void print_pid(int pid)
{
	printf("%d\n", pid);
}

static long slept;

static void add_wakeups(int pid)
{
	char path[300], text[256];
	struct dirent *entry;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	DIR *tasks = opendir(path);
	while (tasks != NULL && (entry = readdir(tasks)) != NULL) {
		long n;
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

static int wakeups(int pid)
{
	add_wakeups(pid);
	each_child(pid, add_wakeups);
	long before = slept;
	for (int64_t end = now_ms() + 1000; now_ms() < end;)
		nap();
	slept = 0;
	add_wakeups(pid);
	each_child(pid, add_wakeups);
	printf("%ld\n", slept - before);
	return 0;
}

/* What a terminal shows, without the carriage returns that it adds. */
static void say_without_cr(char *text, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (text[i] != '\r')
			text[kept++] = text[i];
	say(STDOUT_FILENO, text, kept);
}

/* The command is this process; who holds the other end of its terminal is a child. */
static int terminal(char *argv[])
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), signo;
	sigset_t go;
	char text[64];
	ssize_t n;

	if (master == -1 || grantpt(master) == -1 || unlockpt(master) == -1)
		perr_exit("posix_openpt");
	int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	if (slave == -1)
		perr_exit("open");
	pid_t pid = fork();
	if (pid == -1)
		perr_exit("fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(slave);
		sigemptyset(&go);
		sigaddset(&go, SIGUSR1);
		sigprocmask(SIG_BLOCK, &go, NULL);
		while (Read(master, text, 1) == 1 && text[0] != '\n')
			say_without_cr(text, 1);
		say(STDOUT_FILENO, "\n", 1);
		sigwait(&go, &signo);
		prctl(PR_SET_PDEATHSIG, 0); /* to read its last words */
		/* Slower than any server writes. */
		for (; (n = Read(master, text, sizeof(text))) > 0; nap())
			say_without_cr(text, (size_t)n);
		_exit(0);
	}
	close(master);
	dup2(slave, STDOUT_FILENO);
	dup2(slave, STDERR_FILENO);
	signal(SIGPIPE, SIG_DFL);
	execv(argv[0], argv);
	perr_exit(argv[0]);
}

static int limit(int pid, int n)
{
	struct rlimit limit;

	if (prlimit(pid, RLIMIT_NOFILE, NULL, &limit) == -1)
		perr_exit("prlimit");
	limit.rlim_cur = (rlim_t)n;
	if (prlimit(pid, RLIMIT_NOFILE, &limit, NULL) == -1)
		perr_exit("prlimit");
	return 0;
}

static int set_memory(int pid, bool more)
{
	struct rlimit limit;
	char path[64];
	unsigned long pages;

	snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	FILE *f = fopen(path, "r");
	if (f == NULL || fscanf(f, "%lu", &pages) != 1)
		perr_exit(path);
	fclose(f);
	if (prlimit(pid, RLIMIT_AS, NULL, &limit) == -1)
		perr_exit("prlimit");
	limit.rlim_cur = more ? limit.rlim_max : pages * (rlim_t)sysconf(_SC_PAGESIZE);
	if (prlimit(pid, RLIMIT_AS, &limit, NULL) == -1)
		perr_exit("prlimit");
	return 0;
}

/*
 * Below the range from which the kernel takes ports (ip(7): ip_local_port_range), where another
 * case's server could get it between two uses. Two at a time begin at different ones, their ids'.
 */
static int free_port(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET};

	for (int i = 0; i < 30000; i++) {
		int udp = Socket(AF_INET, SOCK_DGRAM, 0), tcp = Socket(AF_INET, SOCK_STREAM, 0);
		in.sin_port = htons((uint16_t)(2000 + (getpid() + i) % 30000));
		bool is_free = bind(udp, (struct sockaddr *)&in, sizeof(in)) == 0 &&
			       bind(tcp, (struct sockaddr *)&in, sizeof(in)) == 0;
		Close(udp);
		Close(tcp);
		if (is_free) {
			printf("%u\n", ntohs(in.sin_port));
			return 0;
		}
	}
	perr_exit("freeport");
}

static volatile sig_atomic_t the_case;

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

/* Runs ARGV in a new process group, of which nothing is left afterwards, however it ends. */
static int run_case(int seconds, char *argv[])
{
	struct sigaction action = {.sa_handler = end_case};
	int status;

	/* What a killed server leaves is ours to see and to end. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	pid_t pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		signal(SIGPIPE, SIG_DFL);
		execvp(argv[0], argv);
		perr_exit(argv[0]);
	}
	setpgid(pid, pid);
	the_case = pid;
	alarm((unsigned)seconds);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	bool late = alarm(0) == 0;
	kill(-pid, SIGKILL);
	do /* and what has a group of its own */
		each_child(getpid(), kill_pid);
	while (waitpid(-1, NULL, 0) != -1);
	if (late) {
		errno = 0;
		complain("not done after %d seconds", seconds);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char *argv[])
{
	const char *what = argc > 1 ? argv[1] : "", *addr = argc > 2 ? argv[2] : "";
	int n = argc > 3 ? number(argv[3]) : 0, fd;

	if (argc > 3 && strcmp(what, "case") == 0)
		return run_case(number(addr), argv + 3);
	signal(SIGPIPE, SIG_IGN);
	if (strcmp(what, "await") == 0 && argc == 4)
		return await(addr, argv[3]);
	if (strcmp(what, "gone") == 0)
		return gone(argv + 2);
	if (strcmp(what, "children") == 0)
		return each_child(number(addr), print_pid) < 0;
	if (strcmp(what, "limit") == 0)
		return limit(number(addr), n);
	if (strcmp(what, "no-memory") == 0 || strcmp(what, "memory") == 0)
		return set_memory(number(addr), what[0] == 'm');
	if (strcmp(what, "wakeups") == 0)
		return wakeups(number(addr));
	if (argc > 2 && strcmp(what, "group") == 0) {
		setpgid(0, 0);
		signal(SIGPIPE, SIG_DFL);
		signal(SIGINT, SIG_DFL);
		execv(addr, argv + 2);
		perr_exit(addr);
	}
	if (argc > 2 && strcmp(what, "terminal") == 0)
		return terminal(argv + 2);
	if (strcmp(what, "refuse") == 0)
		return refuse();
	if (strcmp(what, "freeport") == 0)
		return free_port();
	if (strcmp(what, "talk") == 0)
		return talk(addr, argv + 3);
	if (strcmp(what, "hold") == 0 || strcmp(what, "crowd") == 0 || strcmp(what, "turns") == 0)
		return many(addr, n, what);
	if (strcmp(what, "row") == 0)
		return row(addr, n);
	if (strcmp(what, "touch") == 0)
		return touch(addr, n);
	if (strcmp(what, "reset") == 0) {
		fd = dial(addr);
		say(fd, "to be cut off\n", 14);
		hear(fd, "to be", 5);
		reset(fd);
		return 0;
	}
	if (strcmp(what, "stuck") == 0)
		return stuck(addr);
	if (strcmp(what, "flood") == 0)
		return flood(addr);
	if (strcmp(what, "ping") == 0) {
		fd = dial(addr);
		for (int i = 0; i < n; i++)
			line(fd, i);
		return 0;
	}
	if (strcmp(what, "owed") == 0)
		return owed(addr, (size_t)n);
	if (strcmp(what, "drip") == 0 && argc == 4)
		return drip(addr, argv[3]);
	if (strcmp(what, "mute") == 0 || strcmp(what, "hangup") == 0)
		return bad_server(what[0] == 'h');
	die("what? The opening comment of tests/peer.c tells");
}
