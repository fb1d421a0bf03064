#include "app/utf8.h"

size_t fan_utf8_encode(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t length = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)((0xf00 >> length) | c);
    return length;
}

static int length_by_first_byte(unsigned char byte)
{
    if (byte < 0x80)
        return 1;
    if (byte >= 0xc2 && byte < 0xe0)
        return 2;
    if (byte >= 0xe0 && byte < 0xf0)
        return 3;
    if (byte >= 0xf0 && byte < 0xf5)
        return 4;
    return 0;
}

static bool is_encodable(uint32_t c, int length)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    bool surrogate = c >= 0xd800 && c < 0xe000;
    return c >= least[length] && c <= 0x10ffff && !surrogate;
}

bool fan_utf8_decode(const char **text, uint32_t *codepoint)
{
    const unsigned char *at = (const unsigned char *)*text;
    int length = length_by_first_byte(at[0]);
    uint32_t c = length > 1 ? at[0] & (0xffu >> (length + 1)) : at[0];
    for (int i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            length = 0;
            break;
        }
        c = c << 6 | (at[i] & 0x3f);
    }
    bool good = length > 0 && is_encodable(c, length);
    *text += good ? length : 1;
    *codepoint = c;
    return good;
}
