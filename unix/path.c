/*
 * When a process is killed, its socket's file stays, and the next server finds it. Only connect(2)
 * can tell whether it is stale or in use. Removing it is the delicate part: it must not be somebody
 * else's file, nor one that another server has made a moment ago.
 */
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

#include "wrap/wrap.h"

static const char *own_path; /* to be removed at the end, if it is still OWN_FILE */
static struct stat own_file;

static struct sockaddr_un path_address(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	size_t len = strlen(path);

	if (len == 0 || len >= sizeof(sun.sun_path))
		message_exit("a path has 1 to %zu bytes (sun_path), this one has %zu",
			     sizeof(sun.sun_path) - 1, len);
	memcpy(sun.sun_path, path, len);
	return sun;
}

/*
 * Returns whether no process has this socket open any more. It connects a datagram socket, because
 * an open stream socket refuses that with EPROTOTYPE, and its server sees no client come and go.
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
 * Locks the folder of PATH, if it may be read: when two servers find a stale file at the same time,
 * one must not remove what the other has just made. It tries for a second only, because anybody who
 * may read the folder may lock it too. Returns what to close. flock(2).
 */
static int lock_folder(const char *path)
{
	struct sockaddr_un copy = path_address(path); /* dirname changes it */
	int fd = open(dirname(copy.sun_path), O_RDONLY | O_CLOEXEC);

	for (int i = 0; i < 100 && flock(fd, LOCK_EX | LOCK_NB) == -1 && errno == EWOULDBLOCK; i++)
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	return fd;
}

/* Binds FD where there is a file already: a stale socket is replaced, everything else stays. */
static void bind_again(int fd, const struct sockaddr_un *sun)
{
	struct stat file;
	int lock = lock_folder(sun->sun_path);

	if (lstat(sun->sun_path, &file) == 0 && !S_ISSOCK(file.st_mode))
		message_exit("bind %s: there is a file that is no socket", sun->sun_path);
	if (stale(sun) && unlink(sun->sun_path) == -1)
		perr_exit("unlink %s", sun->sun_path);
	Bind(fd, (const struct sockaddr *)sun, sizeof(*sun));
	close(lock);
}

static void remove_own(void)
{
	struct stat file;

	if (own_path == NULL)
		return;
	if (lstat(own_path, &file) == -1) {
		if (errno != ENOENT)
			complain("lstat %s", own_path);
	} else if (file.st_dev == own_file.st_dev && file.st_ino == own_file.st_ino) {
		if (unlink(own_path) == -1)
			complain("unlink %s", own_path);
	}
	own_path = NULL;
}

static void on_end(int signo)
{
	remove_own();
	signal(signo, SIG_DFL);
	raise(signo); /* ends us when this handler returns; the parent sees why */
	if (getpid() == 1)
		_exit(128 + signo); /* process 1 survives the raise */
}

/* From now on the file PATH is removed at the end. */
static void own(const char *path)
{
	const int ending[] = {SIGHUP, SIGINT, SIGTERM};

	if (lstat(path, &own_file) == -1)
		perr_exit("lstat %s", path);
	own_path = path;
	atexit(remove_own);
	for (int i = 0; i < 3; i++)
		if (signal(ending[i], on_end) == SIG_IGN)
			signal(ending[i], SIG_IGN); /* stays ignored, as nohup(1) has set it */
}

void path_bind(int fd, const char *path)
{
	struct sockaddr_un sun = path_address(path);
	mode_t mask = umask(077);
	sigset_t all, old;

	sigfillset(&all); /* a signal between bind and on_end would leave the file behind */
	sigprocmask(SIG_BLOCK, &all, &old);
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1)
		bind_again(fd, &sun); /* which also reports the other errors of bind */
	umask(mask);
	own(path);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

void path_adopt(const char *path)
{
	own(path);
}

void path_give_up(void)
{
	own_path = NULL;
}

void path_connect(int fd, const char *path)
{
	struct sockaddr_un sun = path_address(path);

	Connect(fd, (struct sockaddr *)&sun, sizeof(sun));
}

int path_try_connect(int fd, const char *path)
{
	struct sockaddr_un sun = path_address(path);

	return connect(fd, (struct sockaddr *)&sun, sizeof(sun));
}

int path_listen(const char *path)
{
	int lfd = Socket(AF_UNIX, SOCK_STREAM, 0);

	path_bind(lfd, path);
	Listen(lfd, BACKLOG);
	return lfd;
}

void path_close(int fd)
{
	remove_own(); /* first: while FD is open no other file can get its inode's number */
	Close(fd);
}
