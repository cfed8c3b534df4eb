/* A reader of compact JSON, as records are. It never looks beyond the end.

   Whatever is unusual, damaged text included, is left to Python. */

#ifndef GROWINGIO_JSON_H
#define GROWINGIO_JSON_H

#include "output.h"

typedef struct {
    const char *at;
    const char *end;
} Json;

typedef struct {
    const char *start;
    size_t length;
} Span;

/* Reads one byte if it is the next. */
static inline int
json_skip(Json *json, char byte)
{
    if (json->at < json->end && *json->at == byte) {
        json->at++;
        return 1;
    }
    return 0;
}

static inline char
json_peek(const Json *json)
{
    return json->at < json->end ? *json->at : '\0';
}

/* Reads a string and gives what is between its quotes, with escapes as they are. */
int json_string(Json *json, Span *content, int *escaped);

/* Reads a number, or another word that is not in quotes. */
int json_word(Json *json, Span *word);

/* Reads a number of at most 18 digits without a fraction. */
int json_integer(Json *json, long long *number);

/* Writes the content of a string with its escapes resolved, as UTF-8. */
int write_unescaped(Output *out, Span content, int escaped);

/* Writes a word as Python prints the value: true and false as they are, numbers as str() does. */
int write_word(Output *out, Span word);

#endif
