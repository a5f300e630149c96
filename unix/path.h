/*
 * The addresses of AF_UNIX: a socket's name is a file. A program binds one at most. The file is
 * removed when the program ends by exit, SIGINT, SIGTERM or SIGHUP, if it is still the one made
 * here (same device and inode). A PATH that does not fit into sun_path ends the program with a line
 * that gives the limit. unix(7).
 */
#ifndef UNIX_PATH_H
#define UNIX_PATH_H

/*
 * Binds FD to PATH, a new file that only its owner may use (umask 077). A stale socket, which no
 * process has open any more, is replaced. A live socket, or a file that is no socket, stays, and
 * the program ends, as on every other error. bind(2).
 */
void path_bind(int fd, const char *path);

/* Connects FD to PATH, or ends the program. connect(2). */
void path_connect(int fd, const char *path);

/* The same, but returns -1 with errno when it fails, otherwise 0. */
int path_try_connect(int fd, const char *path);

/* Returns a stream socket that listens on PATH, bound as by path_bind. listen(2). */
int path_listen(const char *path);

/* Removes the file that FD was bound to, then closes FD. unlink(2). */
void path_close(int fd);

/*
 * A process that hands its bound socket to another one gives the file up: it no longer removes it.
 * The other one adopts PATH: it removes the file as if it had made it.
 */
void path_give_up(void);
void path_adopt(const char *path);

#endif
