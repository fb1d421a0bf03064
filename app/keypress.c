#include "app/keypress.h"

#include <unistd.h>

void fan_keypress_begin(struct fan_keypress *keys)
{
    *keys = (struct fan_keypress){.open = true};
    keys->terminal = tcgetattr(STDIN_FILENO, &keys->before) == 0;
    if (!keys->terminal)
        return;
    struct termios raw = keys->before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

char fan_keypress_take(struct fan_keypress *keys)
{
    char key = 0;
    if (read(STDIN_FILENO, &key, 1) == 1)
        return key;
    keys->open = false;
    return 0;
}

void fan_keypress_end(struct fan_keypress *keys)
{
    if (keys->terminal)
        tcsetattr(STDIN_FILENO, TCSANOW, &keys->before);
}
