/*
 * UDP that does not lose: a line is sent again until its answer comes. Each datagram begins with
 * two numbers: "17.2 " is the second time that line 17 is sent. The server returns them as they
 * are, because digits have no upper case. So an answer shows which question it belongs to, and to
 * which of its sends, and the time that it took is known exactly. How long to wait for the next
 * answer follows from these times, as TCP does it (RFC 6298).
 * Try: stop the server (Ctrl-Z), type, let it go on (fg); tests/relay, a network that loses.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "udp/rto.h"
#include "wrap/echo.h"
#include "wrap/net.h"
#include "wrap/options.h"
#include "wrap/wrap.h"

#define LARGEST 65507	 /* bytes: IP has room for 65,535, of which 20 are its header and 8 UDP's */
#define NUMBERS_BYTES 16 /* of "999999999.12 " and a NUL */
#define MOST_LINES 999999999
#define MOST_SENDS 12

static struct rto rto;
static unsigned number; /* of the line that is being sent */
static bool reported;	/* an error of this line */
static unsigned again;	/* sends that were not the first one of their line */
static unsigned late;	/* answers to an earlier send than the last one */
static unsigned twice;	/* answers to a line that had been answered */

/* An error such as ECONNREFUSED costs one datagram, as loss does. It is reported once a line. */
static void report(void)
{
	if (!reported)
		complain("%s:%u", opt.host, opt.port);
	reported = true;
}

/*
 * Waits for an answer to the N bytes of LINE, which have been sent SENDS times. Returns the number
 * of the send that has been answered, or 0 when the time is over.
 */
static unsigned hear(int fd, const char *line, size_t n, unsigned sends)
{
	struct pollfd set = {.fd = fd, .events = POLLIN};
	double end = precise_ms() + rto.wait, rest;
	char buf[LARGEST + 1]; /* + 1 for the NUL */

	while ((rest = end - precise_ms()) > 0) {
		if (poll(&set, 1, (int)rest + 1) == -1 && errno != EINTR)
			perr_exit("poll");
		/* Don't block: poll also returns when the time is over. */
		ssize_t back = recv(fd, buf, LARGEST, MSG_DONTWAIT);
		if (back == -1) {
			if (errno != EAGAIN && errno != EINTR)
				report();
			continue;
		}
		unsigned of = 0, nth = 0;
		int len = 0;
		buf[back] = '\0';
		sscanf(buf, "%9u.%2u%n", &of, &nth, &len);
		if (of == number && nth > 0 && nth <= sends && back == len + 1 + (ssize_t)n &&
		    memcmp(buf + len + 1, line, n) == 0)
			return nth;
		if (of > 0 && of < number)
			twice++; /* that line has been answered */
		else
			message("a wrong answer of %zd bytes", back);
	}
	return 0;
}

/*
 * Sends the N bytes of LINE, upper-cases LINE, and waits until the same bytes come back. As long as
 * they don't, it sends them again and waits twice as long, up to -t. Returns false when it has
 * given up.
 */
static bool ask(int fd, char *line, size_t n)
{
	static char question[LARGEST], text[LARGEST];
	double sent_at[MOST_SENDS + 1];

	memcpy(question, line, n);
	upper(line, n);
	number = number % MOST_LINES + 1;
	reported = false;
	for (unsigned sends = 1; sends <= MOST_SENDS; sends++) {
		int len = snprintf(text, NUMBERS_BYTES, "%u.%u ", number, sends);
		memcpy(text + len, question, n);
		sent_at[sends] = precise_ms();
		/* Twice: the first may send nothing and only report an error of an earlier send. */
		if (send(fd, text, (size_t)len + n, 0) == -1 &&
		    send(fd, text, (size_t)len + n, 0) == -1)
			report();
		again += sends > 1;
		unsigned nth = hear(fd, line, n, sends);
		if (nth > 0) {
			rto_measured(&rto, precise_ms() - sent_at[nth]);
			late += nth < sends;
			return true;
		}
		rto_back_off(&rto);
	}
	return false;
}

static void print_counts(void)
{
	message("%u lines, %u sent again, %u late answers, %u double, round trip %.2f ms", number,
		again, late, twice, rto.srtt);
}

int main(int argc, char *argv[])
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	char line[LARGEST + 2]; /* + 1 to notice a line that is too long, + 1 for the NUL */
	ssize_t n;

	options(argc, argv, "[-t SECONDS=1] [HOST=127.0.0.1 [PORT=9527]]");
	rto_start(&rto, opt.timeout * 1000);
	addr.sin_port = htons(opt.port);
	if (inet_pton(AF_INET, opt.host, &addr.sin_addr) != 1)
		message_exit("'%s' is not a dotted IPv4 address", opt.host);

	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd == -1)
		perr_exit("socket");
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == -1)
		perr_exit("connect %s:%u", opt.host, opt.port);
	check_peer(fd); /* without a server, a client can connect to itself */

	while ((n = Readline(STDIN_FILENO, line, sizeof(line))) > 0) {
		if (n > LARGEST - NUMBERS_BYTES)
			message_exit("a line is longer than %d bytes", LARGEST - NUMBERS_BYTES);
		if (!ask(fd, line, (size_t)n)) {
			print_counts();
			message_exit("no answer from %s:%u, sent %d times", opt.host, opt.port,
				     MOST_SENDS);
		}
		if (Writen(STDOUT_FILENO, line, (size_t)n) == -1)
			perr_exit("write stdout");
	}
	if (n == -1)
		perr_exit("read stdin");
	print_counts();
	close(fd);
	return EXIT_SUCCESS;
}
