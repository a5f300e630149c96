/* What broadcast and multicast share: all but the socket options and the group's address. */
#ifndef UDP_GROUP_H
#define UDP_GROUP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Returns the dotted address in TEXT with PORT; ends the program when it is none. inet_pton(3). */
struct sockaddr_in address(const char *text, uint16_t port);

/* Whether ADDR is one of 127.0.0.0/8, the loopback's. */
bool on_loopback(const struct sockaddr_in *addr);

/*
 * Server: ends the program when SELF, what it is bound to, is the address that GROUP is reached at:
 * it would hear all that it sends.
 */
void group_check(const struct sockaddr_in *self, const struct sockaddr_in *group);

/*
 * Server: receives a datagram on FD, which is bound to SELF, into BUF (SIZE bytes), logs who sent
 * how much, and upper-cases it. FLAGS as of recvfrom(2). Returns its length, or -1 when there is
 * none to pass on: the wait is over because of a signal or an error, which is said; or what came is
 * from port 0 or from SELF itself.
 */
ssize_t group_receive(int fd, const struct sockaddr_in *self, char *buf, size_t size, int flags);

/*
 * Client: prints each datagram that comes on LFD, and sends each line that is typed to the server
 * that FD is connected to; neither waits for the other. At end of input goes on listening. Returns
 * the exit status 0 after -n COUNT datagrams. A server that can't be reached is only said; an error
 * on LFD, stdin or stdout, or a line over 65,507 bytes, ends the program. poll(2), udp(7).
 */
int group_client(int lfd, int fd);

#endif
