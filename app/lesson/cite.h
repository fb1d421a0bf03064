#ifndef FAN_APP_LESSON_CITE_H
#define FAN_APP_LESSON_CITE_H

#include "app/lesson/markdown.h"

enum { FAN_CITE_WHY = 200 };

/* Resolves the anchors of a text: the code for each line of a `cite` block, and "bugs/x.c:31" for
 * each PATH#NAME in prose. Errors: ENOENT, with the anchor that leads nowhere in `why`; ENOMEM. The
 * text is good for nothing but freeing then. */
int fan_cite_resolve(struct fan_markdown *text, char why[FAN_CITE_WHY]);

#endif
