/* The unit tests of text for people and of the start: wrap/text.h, wrap/error.h, wrap/options.h. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/check.h"
#include "wrap/error.h"
#include "wrap/options.h"
#include "wrap/text.h"

/* What stands behind the LEN bytes at SA must not show. */
static void expect_address(const char *want, const void *sa, size_t len)
{
	struct sockaddr_storage copy;
	char text[ADDRESS_TEXT];

	memset(&copy, '#', sizeof(copy));
	memcpy(&copy, sa, len);
	errno = EINTR;
	expect_text("address_text", want,
		    address_text((struct sockaddr *)&copy, (socklen_t)len, text));
	expect("errno stays", EINTR, errno);
}

static void expect_path(const char *want, const char *path, size_t n)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	memcpy(sun.sun_path, path, n);
	expect_address(want, &sun, offsetof(struct sockaddr_un, sun_path) + n);
}

static void test_address_text(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(9527)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(65535)};
	struct sockaddr_un sun = {.sun_family = AF_UNIX, .sun_path = "srv.socket"};
	char path[sizeof(sun.sun_path)], longest[ADDRESS_TEXT] = "";

	in.sin_addr.s_addr = htonl(0xfffefdfc);
	expect_address("255.254.253.252:9527", &in, sizeof(in));
	in6.sin6_addr = in6addr_loopback;
	expect_address("[::1]:65535", &in6, sizeof(in6));
	memcpy(&in6.sin6_addr, "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
	in6.sin6_scope_id = if_nametoindex("lo");
	expect_address("[fe80::1%lo]:65535", &in6, sizeof(in6));
	in6.sin6_scope_id = 4242; /* no such interface, which sets errno */
	expect_address("[fe80::1%4242]:65535", &in6, sizeof(in6));
	in.sin_family = 250;
	expect_address("(unknown)", &in, sizeof(in));

	expect_address("srv.socket", &sun, sizeof(sun)); /* as bind was given it */
	expect_path("srv.socket", "srv.socket", 11);	 /* as the kernel gives it, with the NUL */
	expect_path("srv.socket", "srv.socket", 10);
	expect_path("(unnamed)", "", 0);
	expect_path("@name", "\0name", 5);
	expect_path("@a\\x00b", "\0a\0b", 4);
	memset(path, 'p', sizeof(path));
	memset(longest, 'p', sizeof(path));
	expect_path(longest, path, sizeof(path)); /* sun_path is full: there is no NUL */
	memset(path, '\n', sizeof(path));
	for (size_t i = 0; i < sizeof(path); i++)
		memcpy(longest + 4 * i, "\\x0a", 5);
	expect_path(longest, path, sizeof(path));
}

static void test_printable(void)
{
	char text[64];

	printable(text, sizeof(text), "ab\0\x1f \x7f\xff~", 8);
	expect_text("printable", "ab\\x00\\x1f \\x7f\\xff~", text);
	printable(text, sizeof(text), "", 0);
	expect_text("printable, of nothing", "", text);
	for (size_t size = 1; size <= 13; size++) { /* only whole ones, and the NUL */
		memset(text, '#', sizeof(text));
		printable(text, size, "\n\n\n\n", 4);
		expect("how much of \\x0a\\x0a\\x0a\\x0a fits", (long long)(size - 1) / 4 * 4,
		       (long long)strlen(text));
		expect("nothing behind it", '#', text[size]);
	}
}

static void test_error(void)
{
	char text[600], want[600];

	errno = EMFILE;
	complain("%s %d", "number", 7);
	expect_text("complain", "tests/unit_text: number 7: (EMFILE)\n", said());
	errno = 4242;
	complain("odd");
	expect_text("complain, no such errno", "tests/unit_text: odd: (no name)\n", said());
	message("%s", "100 %s");
	expect_text("message", "tests/unit_text: 100 %s\n", said());
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	message("%s", text);
	snprintf(want, sizeof(want), "tests/unit_text: %.511s\n", text);
	expect_text("a message that is too long", want, said());
}

static void test_exits(void)
{
	errno = EPIPE;
	expect_end("perr_exit", 1, "tests/unit_text: what: (EPIPE)\n", perr_exit("what"));
	expect_end("message_exit", 1, "tests/unit_text: what\n", message_exit("what"));
}

/* What a program may have got from the one that has started it, and must not keep. */
static void test_start(void)
{
	char *args[] = {"tests/unit_text", NULL};
	int lowest = dup(STDERR_FILENO);
	sigset_t all, blocked;

	close(lowest);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_DFL);
	close(STDIN_FILENO);
	options(1, args, "");
	sigprocmask(SIG_SETMASK, NULL, &blocked);
	expect("no signal is blocked", true, sigisemptyset(&blocked));
	expect("children can be waited for", true, signal(SIGCHLD, SIG_DFL) == SIG_DFL);
	expect("a write to nobody fails", true, signal(SIGPIPE, SIG_DFL) == SIG_IGN);
	expect("a write beyond the limit of a file's size too", true,
	       signal(SIGXFSZ, SIG_DFL) == SIG_IGN);
	expect("stdin is open", true, fcntl(STDIN_FILENO, F_GETFD) != -1);
	expect("nothing else is", lowest, dup(STDIN_FILENO));
}

int main(void)
{
	run("address_text", test_address_text);
	run("printable", test_printable);
	run("messages", test_error);
	run("messages that end the program", test_exits);
	run("how a program starts", test_start);
	return checked();
}
