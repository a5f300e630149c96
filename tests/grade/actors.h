/* The servers that clients are graded with: what each does with LFD, a socket that listens. */
#ifndef GRADE_ACTORS_H
#define GRADE_ACTORS_H

/* Echoes to the end, or for datagrams without an end; three bytes at a time; each answer late. */
void actor_echoes(int lfd);
void actor_in_pieces(int lfd);
void actor_late(int lfd);

/* Reads nothing until the client can only wait, looks whether it rests, and then echoes. */
void actor_rests_first(int lfd);

/* Answers half of the first bytes and closes; resets the connection; reads and answers nothing. */
void actor_answers_half(int lfd);
void actor_resets(int lfd);
void actor_is_mute(int lfd);

#endif
