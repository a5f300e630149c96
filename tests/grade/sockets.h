/* The sockets that wait for clients, as the kernel lists them; no connection is spent on trying. */
#ifndef GRADE_SOCKETS_H
#define GRADE_SOCKETS_H

#include <stdbool.h>
#include <sys/socket.h>

#include "tests/grade/tree.h"

struct waiting {
	unsigned long inode;
	bool datagram;
	int port; /* 0: AF_UNIX */
	struct sockaddr_storage
	    addr; /* what a client connects to: for "any address" the loopback */
	socklen_t len;
};

/*
 * Writes to LIST, which has room for MOST, the TCP sockets that listen, the UDP sockets that are
 * bound and not connected, and the AF_UNIX ones of either kind; IPv4 first. Returns how many.
 * proc(5): /proc/net/tcp, tcp6, udp, udp6, unix.
 */
int sockets_waiting(struct waiting *list, int most);

/* The same, only those with a path, or only those with a port. */
int sockets_on_paths(struct waiting *list, int most);
int sockets_on_ports(struct waiting *list, int most);

/* Adds to HOLDERS those of PIDS that have the socket INODE open, unless they are there already. */
void sockets_holders(unsigned long inode, const struct pids *pids, struct pids *holders);

#endif
