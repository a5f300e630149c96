/*
 * The addresses of AF_UNIX: a socket's name is a file. unix(7). A program binds one at most; the
 * file goes when the program does, by exit or by SIGHUP, SIGINT or SIGTERM, if it is still the one
 * made here (device and inode). A PATH too long for sun_path ends the program, telling the limit.
 */
#ifndef UNIX_PATH_H
#define UNIX_PATH_H

/*
 * Binds FD to PATH, a new file that its owner alone may use (umask 077). A stale one, a socket that
 * no process has open, is replaced; what is live, or no socket at all, stays and ends the program,
 * as does every other error. bind(2).
 */
void path_bind(int fd, const char *path);

/* Connects FD to PATH, or ends the program. connect(2). */
void path_connect(int fd, const char *path);

/* Returns a stream socket that listens on PATH, as path_bind binds it. listen(2). */
int path_listen(const char *path);

/* Removes the file that FD was bound to, then closes FD. unlink(2). */
void path_close(int fd);

#endif
