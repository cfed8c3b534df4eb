/* Reading strings and numbers of compact JSON, and writing them as plain text. */

#include "json.h"

#include <math.h>

#define MOST_DIGITS 18 /* all integers of so many fit into 64 bits */
#define EXACT_DIGITS 15 /* decimal numbers of so many are the shortest text of their double */

/* Returns the length of a valid UTF-8 sequence that begins here; 0 when there is none. */
static size_t
sequence_length(const unsigned char *at, const unsigned char *end)
{
    unsigned char lead = at[0];
    size_t length = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (length == 0 || lead > 0xF4 || (size_t)(end - at) < length) {
        return 0;
    }
    for (size_t index = 1; index < length; index++) {
        if ((at[index] & 0xC0) != 0x80) {
            return 0;
        }
    }
    /* No overlong forms, no surrogates, nothing beyond the last code point. */
    int wrong = (lead == 0xE0 && at[1] < 0xA0) || (lead == 0xED && at[1] > 0x9F)
                || (lead == 0xF0 && at[1] < 0x90) || (lead == 0xF4 && at[1] > 0x8F);
    return wrong ? 0 : length;
}

int
json_string(Json *json, Span *content, int *escaped)
{
    if (!json_skip(json, '"')) {
        return UNUSUAL;
    }
    content->start = json->at;
    *escaped = 0;
    while (json->at < json->end && *json->at != '"') {
        unsigned char byte = (unsigned char)*json->at;
        size_t length = 1;
        if (byte == '\\') {
            *escaped = 1;
            length = 2;
        }
        else if (byte >= 0x80) {
            length = sequence_length((const unsigned char *)json->at,
                                     (const unsigned char *)json->end);
        }
        if (length == 0 || byte < 0x20 || (size_t)(json->end - json->at) < length) {
            return UNUSUAL;
        }
        json->at += length;
    }
    content->length = (size_t)(json->at - content->start);
    return json_skip(json, '"') ? WRITTEN : UNUSUAL;
}

static inline int
is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

int
json_word(Json *json, Span *word)
{
    word->start = json->at;
    while (json->at < json->end && *json->at != ',' && *json->at != '}') {
        json->at++;
    }
    word->length = (size_t)(json->at - word->start);
    return word->length > 0 ? WRITTEN : UNUSUAL;
}

/* Whether a word is an integer that Python prints just as it stands. */
static int
is_plain_integer(Span word)
{
    size_t sign = word.length > 0 && word.start[0] == '-';
    size_t digits = word.length - sign;
    if (digits == 0 || digits > MOST_DIGITS) {
        return 0;
    }
    if (word.start[sign] == '0' && (digits > 1 || sign)) {
        return 0;
    }
    for (size_t index = sign; index < word.length; index++) {
        if (!is_digit(word.start[index])) {
            return 0;
        }
    }
    return 1;
}

int
json_integer(Json *json, long long *number)
{
    Span word;
    if (json_word(json, &word) != WRITTEN || !is_plain_integer(word)) {
        return UNUSUAL;
    }
    int negative = word.start[0] == '-';
    *number = 0;
    for (size_t index = (size_t)negative; index < word.length; index++) {
        *number = *number * 10 + (word.start[index] - '0');
    }
    *number = negative ? -*number : *number;
    return WRITTEN;
}

/* Whether a word is a decimal number that Python prints just as it stands: of few digits, without
   an exponent, and not so small that Python would write one. */
static int
is_plain_decimal(Span word)
{
    size_t sign = word.start[0] == '-', point = 0;
    if (word.length - sign > EXACT_DIGITS + 1) {
        return 0;
    }
    for (size_t index = sign; index < word.length; index++) {
        if (word.start[index] == '.' && point == 0) {
            point = index;
        }
        else if (!is_digit(word.start[index])) {
            return 0;
        }
    }
    size_t whole = point - sign, decimals = word.length - point - 1;
    if (point <= sign || decimals == 0 || (word.start[sign] == '0' && whole > 1)) {
        return 0;
    }
    if (word.start[word.length - 1] == '0' && decimals > 1) {
        return 0;
    }
    return word.length - sign < 6 || memcmp(word.start + sign, "0.0000", 6) != 0;
}

/* Whether a word is a number of JSON with a fraction or an exponent. */
static int
is_float(Span word)
{
    const char *at = word.start, *end = word.start + word.length;
    at += at < end && *at == '-';
    const char *whole = at;
    while (at < end && is_digit(*at)) {
        at++;
    }
    if (at == whole || (*whole == '0' && at > whole + 1) || at == end) {
        return 0;
    }
    if (*at == '.') {
        const char *fraction = ++at;
        while (at < end && is_digit(*at)) {
            at++;
        }
        if (at == fraction) {
            return 0;
        }
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        at += at < end && (*at == '+' || *at == '-');
        const char *exponent = at;
        while (at < end && is_digit(*at)) {
            at++;
        }
        if (at == exponent) {
            return 0;
        }
    }
    return at == end;
}

/* Writes a double as Python prints it. */
static int
write_printed(Output *out, double number)
{
    char *printed = PyOS_double_to_string(number, 'r', 0, Py_DTSF_ADD_DOT_0, NULL); /* owned */
    if (printed == NULL) {
        return FAILED;
    }
    int answer = output_add(out, printed, strlen(printed));
    PyMem_Free(printed);
    return answer;
}

static int
write_number(Output *out, Span word)
{
    char text[64];
    if (!is_float(word) || word.length >= sizeof(text)) {
        return UNUSUAL;
    }
    memcpy(text, word.start, word.length);
    text[word.length] = '\0';
    double number = PyOS_string_to_double(text, NULL, NULL);
    if (number == -1.0 && PyErr_Occurred()) {
        return FAILED;
    }
    return isfinite(number) ? write_printed(out, number) : UNUSUAL;
}

static int
is_word(Span word, const char *text)
{
    return word.length == strlen(text) && memcmp(word.start, text, word.length) == 0;
}

int
write_word(Output *out, Span word)
{
    if (is_plain_integer(word) || is_plain_decimal(word) || is_word(word, "true")
        || is_word(word, "false")) {
        return output_add(out, word.start, word.length);
    }
    return write_number(out, word);
}

static int
hex_digit(char byte)
{
    if (is_digit(byte)) {
        return byte - '0';
    }
    char lower = (char)(byte | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Reads the four digits of \uXXXX; -1 when they are none. */
static long
read_unit(const char *at, const char *end)
{
    long unit = 0;
    if (end - at < 4) {
        return -1;
    }
    for (int index = 0; index < 4; index++) {
        int digit = hex_digit(at[index]);
        if (digit < 0) {
            return -1;
        }
        unit = unit * 16 + digit;
    }
    return unit;
}

/* Reads the code point behind \u, which may be two units; -1 when it is none. */
static long
read_code_point(const char **at, const char *end)
{
    long unit = read_unit(*at, end);
    if (unit < 0) {
        return -1;
    }
    *at += 4;
    if (unit < 0xD800 || unit > 0xDFFF) {
        return unit;
    }
    if (unit > 0xDBFF || end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u') {
        return -1;
    }
    long low = read_unit(*at + 2, end);
    *at += 6;
    return low < 0xDC00 || low > 0xDFFF ? -1 : 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
}

static void
put_utf8(Output *out, long point)
{
    if (point < 0x80) {
        *out->at++ = (char)point;
        return;
    }
    if (point < 0x800) {
        *out->at++ = (char)(0xC0 | point >> 6);
    }
    else {
        if (point < 0x10000) {
            *out->at++ = (char)(0xE0 | point >> 12);
        }
        else {
            *out->at++ = (char)(0xF0 | point >> 18);
            *out->at++ = (char)(0x80 | (point >> 12 & 0x3F));
        }
        *out->at++ = (char)(0x80 | (point >> 6 & 0x3F));
    }
    *out->at++ = (char)(0x80 | (point & 0x3F));
}

/* Puts the character of a short escape; 0 when there is no such escape. */
static int
put_short_escape(Output *out, char name)
{
    static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
    const char *found = name == '\0' ? NULL : strchr(names, name);
    if (found == NULL) {
        return 0;
    }
    *out->at++ = bytes[found - names];
    return 1;
}

/* Puts what the escape behind a backslash stands for. */
static int
put_unescaped(Output *out, const char **at, const char *end)
{
    char name = *(*at)++;
    if (name != 'u') {
        return put_short_escape(out, name) ? WRITTEN : UNUSUAL;
    }
    long point = read_code_point(at, end);
    if (point < 0) {
        return UNUSUAL;
    }
    put_utf8(out, point);
    return WRITTEN;
}

int
write_unescaped(Output *out, Span content, int escaped)
{
    if (!escaped) {
        return output_add(out, content.start, content.length);
    }
    /* An escape is never shorter than what it stands for. */
    if (output_reserve(out, content.length) < 0) {
        return FAILED;
    }
    const char *at = content.start, *end = content.start + content.length;
    while (at < end) {
        char byte = *at++;
        if (byte != '\\') {
            *out->at++ = byte;
        }
        else if (put_unescaped(out, &at, end) != WRITTEN) {
            return UNUSUAL;
        }
    }
    return WRITTEN;
}
