/*
 * Words of tests/rules_peer that have a say in the system calls of the program that they run:
 *
 *   fault CALL ERROR FILE COMMAND…   run it; while FILE is there its CALLs fail with ERROR, and a
 *                           line in FILE reports each. CALL is fork (threads too), accept or
 *                           malloc, ERROR is EAGAIN, ECONNABORTED or ENOMEM
 *   halves COMMAND…         run it; a write to a socket takes half of its bytes, and every other
 *                           call that may wait for a socket is interrupted
 *   rival FILE COMMAND…     run it; while FILE is there another process, which shares the listening
 *                           socket, takes each client just before COMMAND accepts it
 *   late COMMAND…           run it; SIGTERM comes when it is just about to wait for the first time
 *   taken COMMAND…          run it; SIGTERM comes when it has just accepted its first client
 *   bound COMMAND…          run it; SIGTERM comes when it has just bound a path
 *   early COMMAND…          run it; SIGTERM comes to a child that has just been forked
 *   orphan COMMAND…         run it; it is killed when its first child has just been forked, whose
 *                           number is printed
 *
 * COMMAND runs in this process; who answers stands beside it (tests/notify.h), so that no test has
 * to guess at times.
 */
#ifndef TESTS_FAULTS_H
#define TESTS_FAULTS_H

/* Does what argv[1] says. Returns only when that is none of these words. */
void faults(int argc, char *argv[]);

#endif
