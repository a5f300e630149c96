#include "unix/path.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "wrap/run.h"
#include "wrap/wrap.h"

static const char *own_path = ""; /* what to remove at the end, as long as it is OWN_FILE */
static struct stat own_file;

static struct sockaddr_un path_address(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof(sun.sun_path)) {
		errno = len == 0 ? ENOENT : ENAMETOOLONG;
		complain("a path of %zu bytes, sun_path holds %zu", len, sizeof(sun.sun_path) - 1);
		exit(EXIT_FAILURE);
	}
	memcpy(sun.sun_path, path, len);
	return sun;
}

/*
 * Whether no process has this socket any more. Asked with a datagram socket: a stream that is open
 * then answers EPROTOTYPE, listening or not, and no server sees a client come and go.
 */
static bool stale(const struct sockaddr_un *sun)
{
	int fd = Socket(AF_UNIX, SOCK_DGRAM, 0);
	int result = connect(fd, (const struct sockaddr *)sun, sizeof(*sun));
	bool refused = result == -1 && errno == ECONNREFUSED;

	Close(fd);
	return refused;
}

/*
 * Binds where there is a file already. Of two that find it stale at once the second must not remove
 * what the first has just made: the directory is locked meanwhile, if it may be read. flock(2).
 */
static void bind_again(int fd, const struct sockaddr_un *sun)
{
	struct sockaddr_un copy = *sun;
	struct stat file;
	int lock = open(dirname(copy.sun_path), O_RDONLY | O_CLOEXEC);

	/* Not for ever: anybody who may read the directory may lock it too. */
	for (int i = 0; i < 100 && flock(lock, LOCK_EX | LOCK_NB) == -1 && errno == EWOULDBLOCK;
	     i++)
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	if (lstat(sun->sun_path, &file) == 0 && !S_ISSOCK(file.st_mode)) {
		errno = EADDRINUSE;
		complain("bind %s: no socket, and not removed", sun->sun_path);
		exit(EXIT_FAILURE);
	}
	if (stale(sun) && unlink(sun->sun_path) == -1)
		perr_exit_address("unlink", (const struct sockaddr *)sun, sizeof(*sun));
	Bind(fd, (const struct sockaddr *)sun, sizeof(*sun));
	close(lock);
}

static void remove_own(void)
{
	struct stat file;

	if (lstat(own_path, &file) == 0 && file.st_dev == own_file.st_dev &&
	    file.st_ino == own_file.st_ino)
		unlink(own_path);
	own_path = "";
}

static void on_end(int signo)
{
	remove_own();
	signal(signo, SIG_DFL);
	raise(signo); /* comes when we return: who waits for us shall see what ended us */
}

void path_bind(int fd, const char *path)
{
	struct sockaddr_un sun = path_address(path);
	mode_t mask = umask(077);
	sigset_t all, old;

	sigfillset(&all); /* a signal between bind and on_end would leave the file behind */
	sigprocmask(SIG_BLOCK, &all, &old);
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1)
		bind_again(fd, &sun); /* which also tells what else bind may suffer from */
	umask(mask);
	if (lstat(path, &own_file) == 0)
		own_path = path;
	atexit(remove_own);
	signal(SIGINT, on_end);
	signal(SIGTERM, on_end);
	if (signal(SIGHUP, on_end) == SIG_IGN)
		signal(SIGHUP, SIG_IGN); /* nohup(1) */
	sigprocmask(SIG_SETMASK, &old, NULL);
}

void path_connect(int fd, const char *path)
{
	struct sockaddr_un sun = path_address(path);

	Connect(fd, (struct sockaddr *)&sun, sizeof(sun));
}

int path_listen(const char *path)
{
	int lfd = Socket(AF_UNIX, SOCK_STREAM, 0);

	path_bind(lfd, path);
	Listen(lfd, SOMAXCONN);
	return lfd;
}

void path_close(int fd)
{
	remove_own(); /* first: while FD is open no other file can get its inode's number */
	Close(fd);
}
