/*
 * /proc/net lists all sockets of this network, and /proc/PID/fd says whose they are. A connection
 * made in order to see whether the server is ready would be a client too, and may be the only one
 * that a weak server stands.
 */
#include "tests/grade/sockets.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/talk.h"

/* A table of /proc/net with addresses of IPv4 or IPv6, and the state of a socket that waits. */
struct inet_table {
	const char *file;
	unsigned state;
	bool datagram;
};

static const struct inet_table tables[] = {{"/proc/net/tcp", 0x0a, false},
					   {"/proc/net/tcp6", 0x0a, false},
					   {"/proc/net/udp", 7, true},
					   {"/proc/net/udp6", 7, true}};

/* HEX is an address as /proc/net prints it: each 32 bits as a number of this machine. */
static void parse_hex(const char *hex, int port, struct waiting *w)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
	unsigned words[4] = {0};
	size_t n = strlen(hex) / 8;

	for (size_t i = 0; i < n && i < 4; i++)
		sscanf(hex + i * 8, "%8x", &words[i]);
	memset(&w->addr, 0, sizeof(w->addr));
	if (n == 1) {
		in.sin_addr.s_addr = words[0] == INADDR_ANY ? htonl(INADDR_LOOPBACK) : words[0];
		memcpy(&w->addr, &in, w->len = sizeof(in));
	} else {
		memcpy(&in6.sin6_addr, words, sizeof(words));
		if (IN6_IS_ADDR_UNSPECIFIED(&in6.sin6_addr))
			in6.sin6_addr = in6addr_loopback;
		memcpy(&w->addr, &in6, w->len = sizeof(in6));
	}
	w->port = port;
}

static int list_inet(const struct inet_table *table, struct waiting *list, int most)
{
	char line[512], hex[33];
	unsigned port, state;
	int n = 0;
	FILE *f = fopen(table->file, "r");

	while (f != NULL && n < most && fgets(line, sizeof(line), f) != NULL) {
		struct waiting *w = &list[n];
		if (sscanf(line, " %*d: %32[0-9A-F]:%x %*[0-9A-F]:%*x %x %*s %*s %*s %*d %*d %lu",
			   hex, &port, &state, &w->inode) != 4)
			continue;
		/* The kernel lists TCP sockets that listen before all others, of which there may be
		 * tens of thousands in TIME_WAIT. */
		if (state != table->state && !table->datagram)
			break;
		if (state != table->state)
			continue;
		parse_hex(hex, (int)port, w);
		w->datagram = table->datagram;
		n++;
	}
	if (f != NULL)
		fclose(f);
	return n;
}

int sockets_on_paths(struct waiting *list, int most)
{
	char line[512], path[109];
	unsigned flags, type;
	int n = 0;
	FILE *f = fopen("/proc/net/unix", "r");

	while (f != NULL && n < most && fgets(line, sizeof(line), f) != NULL) {
		struct waiting *w = &list[n];
		if (sscanf(line, "%*s %*s %*s %x %x %*x %lu %108[^\n]", &flags, &type, &w->inode,
			   path) != 4)
			continue;
		if (!(flags & 0x10000) &&
		    type != SOCK_DGRAM) /* the flag of a socket that listens */
			continue;
		w->len = parse(path, &w->addr);
		w->datagram = type == SOCK_DGRAM;
		w->port = 0;
		n++;
	}
	if (f != NULL)
		fclose(f);
	return n;
}

int sockets_on_ports(struct waiting *list, int most)
{
	int n = 0;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		n += list_inet(&tables[i], list + n, most - n);
	return n;
}

int sockets_waiting(struct waiting *list, int most)
{
	int n = sockets_on_ports(list, most);

	return n + sockets_on_paths(list + n, most - n);
}

static bool holds(pid_t pid, const char *link)
{
	char path[320], target[64];
	struct dirent *entry;
	bool found = false;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	DIR *fds = opendir(path);
	while (fds != NULL && !found && (entry = readdir(fds)) != NULL) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%s", pid, entry->d_name);
		ssize_t len = readlink(path, target, sizeof(target) - 1);
		target[len < 0 ? 0 : len] = '\0';
		found = strcmp(target, link) == 0;
	}
	if (fds != NULL)
		closedir(fds);
	return found;
}

void sockets_holders(unsigned long inode, const struct pids *pids, struct pids *holders)
{
	char link[64];

	snprintf(link, sizeof(link), "socket:[%lu]", inode);
	for (int i = 0; i < pids->n; i++)
		if (!pids_have(holders, pids->pid[i]) && holds(pids->pid[i], link))
			pids_add(holders, pids->pid[i]);
}
