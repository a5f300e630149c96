/*
 * A descriptor is a number that only its process understands, so sending the number would be
 * of no use. In a control message (cmsg(3)) of type SCM_RIGHTS the kernel passes the open socket
 * itself: the receiver gets a number of its own for the same open socket, as a child does after
 * fork.
 */
#include "unix/pass.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unix/path.h"
#include "wrap/wrap.h"

/* A message with room for descriptors. */
struct message {
	struct msghdr msg;
	struct iovec iov;
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(MOST_PASSED * sizeof(int))];
};

/* Sets M up for TEXT, SIZE bytes, and N descriptors. */
static void set_up(struct message *m, char *text, size_t size, int n)
{
	memset(m, 0, sizeof(*m));
	m->iov = (struct iovec){.iov_base = text, .iov_len = size};
	m->msg = (struct msghdr){.msg_iov = &m->iov,
				 .msg_iovlen = 1,
				 .msg_control = m->control,
				 .msg_controllen = (socklen_t)CMSG_SPACE((size_t)n * sizeof(int))};
}

int call_server(const char *path, const char *request)
{
	int fd = Socket(AF_UNIX, SOCK_SEQPACKET, 0);

	if (path_try_connect(fd, path) == 0 && send(fd, request, strlen(request), 0) != -1)
		return fd;
	int err = errno;
	Close(fd);
	errno = err;
	return -1;
}

int send_descriptors(int sock, const char *text, const int fds[], int n)
{
	struct message m;

	/* TEXT must not be empty: a message without a byte would look like end of file. */
	set_up(&m, (char *)text, strlen(text), n);
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&m.msg);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = (socklen_t)CMSG_LEN((size_t)n * sizeof(int));
	memcpy(CMSG_DATA(cmsg), fds, (size_t)n * sizeof(int));
	return sendmsg(sock, &m.msg, MSG_DONTWAIT) == -1 ? -1 : 0;
}

int receive_descriptors(int sock, char *text, size_t size, int fds[], int n)
{
	struct message m;
	ssize_t len;

	do {
		set_up(&m, text, size - 1, n);
		/* Set close-on-exec at once: before an fcntl a thread could fork and exec. */
		len = recvmsg(sock, &m.msg, MSG_CMSG_CLOEXEC);
	} while (len == -1 && errno == EINTR);
	if (len <= 0)
		return -1;
	text[len] = '\0';
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&m.msg);
	size_t came = cmsg != NULL ? (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;
	if (came == (size_t)n && (m.msg.msg_flags & MSG_CTRUNC) == 0) {
		memcpy(fds, CMSG_DATA(cmsg), came * sizeof(int));
		return 1;
	}
	/* MSG_CTRUNC: the kernel has closed what did not fit here, or into the table of
	 * descriptors. More than N may have come, because CMSG_SPACE rounds up. */
	message("%zu of %d descriptors have come with '%s'", came, n, text);
	for (size_t i = 0; i < came; i++) {
		int fd;
		memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int), sizeof(int));
		close(fd);
	}
	return 0;
}
