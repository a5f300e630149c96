/* Opening sockets, and addresses as text. tcp/, udp/ and multicast/ spell the same calls out. */
#ifndef WRAP_NET_H
#define WRAP_NET_H

#include <stdint.h>
#include <sys/socket.h>

/* Bytes that the longest address takes as text: a path of AF_UNIX, every byte shown as \xNN. */
#define ADDRESS_TEXT 448

/*
 * Writes SA as text into TEXT: "127.0.0.1:9527", "[::1]:9527"; for AF_UNIX the path, "@name" for
 * an abstract one, "(unnamed)" for none. getnameinfo(3), unix(7).
 */
void address_text(const struct sockaddr *sa, socklen_t len, char text[ADDRESS_TEXT]);

/*
 * Returns a TCP socket that listens on HOST (a name or literal, IPv4 or IPv6; "::" takes IPv4 too)
 * and PORT (0: the kernel picks one): of a name's addresses the first that binds. SO_REUSEADDR and
 * TCP_NODELAY are set; accepted sockets inherit the latter. Ends the program when none does.
 * getaddrinfo(3), ip(7), ipv6(7), tcp(7).
 */
int tcp_listen(const char *host, uint16_t port);

/*
 * Returns a TCP socket connected to HOST and PORT, trying all of the name's addresses in order;
 * TCP_NODELAY is set. Ends the program when none answers. getaddrinfo(3), connect(2).
 */
int tcp_connect(const char *host, uint16_t port);

#endif
