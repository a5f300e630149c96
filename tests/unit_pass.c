/*
 * unix/pass.c: the descriptors that come, and those that must not stay when something is wrong with
 * a message.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/check.h"
#include "unix/pass.h"
#include "wrap/wrap.h"

static int ends[2];

/* The lowest descriptor that is free. */
static int lowest(void)
{
	int fd = dup(STDIN_FILENO);

	close(fd);
	return fd;
}

static void begin(void)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == -1)
		perr_exit("socketpair");
}

static void test_passed(void)
{
	char text[8];
	int fds[2] = {-1, -1};

	begin();
	expect("two are sent", 0, send_descriptors(ends[0], "two", (int[]){0, 1}, 2));
	expect("and received", 1, receive_descriptors(ends[1], text, sizeof(text), fds, 2));
	expect_text("with their text", "two", text);
	expect("close-on-exec is set", FD_CLOEXEC, fcntl(fds[0], F_GETFD));
	close(fds[0]);
	close(fds[1]);
	close(ends[0]);
	expect("end of file", -1, receive_descriptors(ends[1], text, sizeof(text), fds, 2));
}

/* Where one is expected there is room for two, because control messages are padded. */
static void test_more_than_expected(void)
{
	struct {
		int fd, beside;
	} one = {.fd = -1, .beside = -1};
	char text[8];

	begin();
	int free_before = lowest();
	send_descriptors(ends[0], "two", (int[]){0, 1}, 2);
	expect("two in place of one", 0,
	       receive_descriptors(ends[1], text, sizeof(text), &one.fd, 1));
	expect_text("reported", "tests/unit_pass: 2 of 1 descriptors have come with 'two'\n",
		    said());
	expect("nothing is written beside it", -1, one.beside);
	expect("none stays open", free_before, lowest());
}

static void test_fewer_than_expected(void)
{
	int fds[2] = {-1, -1};
	char text[8];

	begin();
	int free_before = lowest();
	send_descriptors(ends[0], "one", (int[]){0}, 1);
	expect("one in place of two", 0, receive_descriptors(ends[1], text, sizeof(text), fds, 2));
	expect("none stays open", free_before, lowest());
	send(ends[0], "none", 4, 0);
	expect("none in place of two", 0, receive_descriptors(ends[1], text, sizeof(text), fds, 2));
}

int main(void)
{
	run("passed", test_passed);
	run("more than expected", test_more_than_expected);
	run("fewer than expected", test_fewer_than_expected);
	return checked();
}
