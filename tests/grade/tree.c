/*
 * A program may fork, call setsid, and let the first process end, as daemons do. Process groups and
 * sessions do not hold it together; only descent does, and only while somebody in between adopts
 * the orphans. That is the grader: it must also reap them, or they would look like the server's
 * zombies.
 */
#include "tests/grade/tree.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/talk.h"

void pids_add(struct pids *pids, pid_t pid)
{
	if (pids->n < MOST_PROCESSES)
		pids->pid[pids->n++] = pid;
}

bool pids_have(const struct pids *pids, pid_t pid)
{
	for (int i = 0; i < pids->n; i++)
		if (pids->pid[i] == pid)
			return true;
	return false;
}

/* All processes of the machine and their parents, at the same place of both lists. */
static void list_all(struct pids *all, struct pids *parents)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int pid, parent;
	char state;

	if (proc == NULL)
		die_errno("/proc");
	all->n = parents->n = 0;
	while ((entry = readdir(proc)) != NULL) {
		if ((pid = number(entry->d_name)) > 0 && process_state(pid, &state, &parent)) {
			pids_add(all, pid);
			pids_add(parents, parent);
		}
	}
	closedir(proc);
}

void tree_grow(struct pids *tree)
{
	static struct pids all, parents;

	list_all(&all, &parents);
	for (int i = 0; i < tree->n; i++) /* the list grows while it is walked */
		for (int j = 0; j < all.n; j++)
			if (parents.pid[j] == tree->pid[i] && !pids_have(tree, all.pid[j]))
				pids_add(tree, all.pid[j]);
}

void tree_below(pid_t grader, struct pids *tree)
{
	static struct pids with_us;
	pid_t own = getpid();

	with_us.n = 0;
	pids_add(&with_us, grader);
	tree_grow(&with_us);
	tree->n = 0;
	for (int i = 0; i < with_us.n; i++)
		if (with_us.pid[i] != grader && with_us.pid[i] != own)
			pids_add(tree, with_us.pid[i]);
}

void tree_adopts(void)
{
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) == -1)
		die_errno("prctl");
}

int tree_end(int seconds)
{
	static struct pids tree;
	int64_t end = clock_ms() + seconds * 1000;
	pid_t reaped;

	/* Again and again, because a child that is forked meanwhile is not in the list. */
	do {
		tree_below(getpid(), &tree);
		for (int i = 0; i < tree.n; i++)
			kill(tree.pid[i], SIGKILL);
		while ((reaped = waitpid(-1, NULL, WNOHANG)) > 0)
			;
		if (reaped == -1 && errno == ECHILD)
			return 0;
		nap_ms(1);
	} while (clock_ms() < end);
	return tree.n;
}
