/*
 * Each ring is an array with two counters that only grow: the writer adds at the tail, the reader
 * takes at the head, and a counter's low bits are the index. We write the submissions' tail and the
 * completions' head; the kernel writes the other two, perhaps on another processor. So the order of
 * memory accesses matters. A side moves its counter with "release" (what it wrote before is visible
 * first), and looks at the other side's with "acquire" (it reads the entry only afterwards).
 */
#include "uring/ring.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "wrap/error.h"
#include "wrap/server.h"

#define BUFFERS 32 /* a power of two */
#define BUFFER_BYTES (64 * 1024)
#define ENTRIES 256 /* operations that one call can submit; more of them take more calls */

struct counters {
	_Atomic unsigned *head, *tail;
	unsigned mask;
};

static int ring_fd;
static struct counters submissions, completions;
static unsigned sq_tail; /* the next free entry; the kernel's copy follows when we submit */
static struct io_uring_sqe *sqes;
static struct io_uring_cqe *cqes;
static struct io_uring_buf_ring *pool;
static uint16_t pool_tail;
static char *buffers;
static int ntaken = BUFFERS; /* until pool_open gives them to the ring */

#define WHY "Linux before 5.19, forbidden, or ulimit -l is too low"

/* Returns RESULT, or ends the program when CALL has failed. */
static int need(const char *call, long result)
{
	if (result == -1)
		perr_exit("io_uring cannot be used here (" WHY "): %s", call);
	return (int)result;
}

/* Maps N bytes of the ring FD, or, when FD is -1, of new memory. */
static void *map(int fd, size_t n, long long where)
{
	int flags = MAP_POPULATE | (fd == -1 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED);
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, flags, fd, (off_t)where);

	if (p == MAP_FAILED)
		perr_exit("mmap");
	return p;
}

static struct counters counters(char *base, unsigned head, unsigned tail, unsigned entries)
{
	return (struct counters){
	    .head = (void *)(base + head), .tail = (void *)(base + tail), .mask = entries - 1};
}

/* The buffers are a third ring: we add free ones at its tail, the kernel takes them. */
static void pool_open(void)
{
	pool = map(-1, BUFFERS * sizeof(struct io_uring_buf), 0);
	buffers = map(-1, BUFFERS * BUFFER_BYTES, 0);
	struct io_uring_buf_reg reg = {.ring_addr = (uintptr_t)pool, .ring_entries = BUFFERS};
	need("io_uring_register",
	     syscall(SYS_io_uring_register, ring_fd, IORING_REGISTER_PBUF_RING, &reg, 1));
	for (int id = 0; id < BUFFERS; id++)
		ring_give_back(buffers + id * BUFFER_BYTES);
}

void ring_open(void)
{
	/* COOP_TASKRUN: the kernel finishes operations in our calls and does not interrupt us. */
	struct io_uring_params p = {.flags = IORING_SETUP_COOP_TASKRUN};

	ring_fd = need("io_uring_setup", syscall(SYS_io_uring_setup, ENTRIES, &p));
	/* One mapping has the counters, the completions and an array of indices. */
	size_t cq_end = p.cq_off.cqes + p.cq_entries * sizeof(*cqes);
	size_t sq_end = p.sq_off.array + p.sq_entries * sizeof(unsigned);
	char *base = map(ring_fd, cq_end > sq_end ? cq_end : sq_end, IORING_OFF_SQ_RING);
	sqes = map(ring_fd, p.sq_entries * sizeof(*sqes), IORING_OFF_SQES);
	cqes = (void *)(base + p.cq_off.cqes);
	submissions = counters(base, p.sq_off.head, p.sq_off.tail, p.sq_entries);
	completions = counters(base, p.cq_off.head, p.cq_off.tail, p.cq_entries);
	/* The kernel finds submissions by these indices: here the nth is always entry n. */
	unsigned *array = (void *)(base + p.sq_off.array);
	for (unsigned i = 0; i < p.sq_entries; i++)
		array[i] = i;
	pool_open();
}

/* Submits what is queued, and waits until there are WAIT_FOR completions. */
static void submit(unsigned wait_for)
{
	unsigned n = sq_tail - atomic_load_explicit(submissions.head, memory_order_acquire);
	unsigned flags = wait_for > 0 ? IORING_ENTER_GETEVENTS : 0;

	atomic_store_explicit(submissions.tail, sq_tail, memory_order_release);
	if (syscall(SYS_io_uring_enter, ring_fd, n, wait_for, flags, NULL, 0) == -1 &&
	    errno != EINTR && errno != EBUSY) /* EBUSY: there are more completions than room */
		retry_later("io_uring_enter");
}

struct io_uring_sqe *ring_queue(int opcode, int fd, void *owner)
{
	while (sq_tail - atomic_load_explicit(submissions.head, memory_order_acquire) >
	       submissions.mask)
		submit(0);
	struct io_uring_sqe *sqe = &sqes[sq_tail++ & submissions.mask];
	*sqe = (struct io_uring_sqe){
	    .opcode = (uint8_t)opcode, .fd = fd, .user_data = (uintptr_t)owner};
	return sqe;
}

bool ring_next(struct io_uring_cqe *done)
{
	unsigned head = atomic_load_explicit(completions.head, memory_order_relaxed);

	if (head == atomic_load_explicit(completions.tail, memory_order_acquire)) {
		submit(1);
		if (head == atomic_load_explicit(completions.tail, memory_order_acquire))
			return false;
	}
	*done = cqes[head & completions.mask];
	/* From here on the kernel may write to the entry again. */
	atomic_store_explicit(completions.head, head + 1, memory_order_release);
	return true;
}

char *ring_take(const struct io_uring_cqe *done)
{
	ntaken++;
	return buffers + (size_t)(done->flags >> IORING_CQE_BUFFER_SHIFT) * BUFFER_BYTES;
}

void ring_give_back(char *memory)
{
	struct io_uring_buf *b = &pool->bufs[pool_tail & (BUFFERS - 1)];

	b->addr = (uintptr_t)memory;
	b->len = BUFFER_BYTES;
	b->bid = (uint16_t)((memory - buffers) / BUFFER_BYTES);
	ntaken--;
	/* The tail lies in the first entry's last field, so an entry is not assigned as a whole. */
	atomic_store_explicit((_Atomic uint16_t *)&pool->tail, ++pool_tail, memory_order_release);
}

bool ring_has(const char *memory)
{
	return memory >= buffers && memory < buffers + BUFFERS * BUFFER_BYTES;
}

int ring_taken(void)
{
	return ntaken;
}
