/* JSON texts of str, int, bool and float. */

#include "values.h"

#include <float.h>
#include <math.h>

#define MOST_DIGITS 20 /* of a 64-bit integer, sign included */

/* A byte in each of the eight of a word. */
#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Returns a word that is not 0 where one of the eight bytes must be escaped: one below 0x20, a
   quote or a backslash. Bytes of 0x80 and above never are. */
static inline uint64_t
to_escape(uint64_t word)
{
    uint64_t quote = word ^ EACH('"'), backslash = word ^ EACH('\\');
    uint64_t found = (word - EACH(0x20)) | (quote - EACH(1)) | (backslash - EACH(1));
    return found & ~word & EACH(0x80);
}

static inline int
is_escaped(unsigned char byte)
{
    return byte < 0x20 || byte == '"' || byte == '\\';
}

/* Copies what needs no escaping, up to the first byte that does; returns how many bytes. */
static inline size_t
copy_clean(char *to, const char *text, size_t length)
{
    size_t at = 0;
    uint64_t word;
    for (; at + sizeof(word) <= length; at += sizeof(word)) {
        memcpy(&word, text + at, sizeof(word));
        if (to_escape(word)) {
            break;
        }
        memcpy(to + at, &word, sizeof(word));
    }
    for (; at < length && !is_escaped((unsigned char)text[at]); at++) {
        to[at] = text[at];
    }
    return at;
}

static void
put_escape(Output *out, unsigned char byte)
{
    static const char short_names[] = "\b\t\n\f\r\"\\", letters[] = "btnfr\"\\";
    static const char digits[] = "0123456789abcdef";
    const char *found = byte == 0 ? NULL : strchr(short_names, byte);
    *out->at++ = '\\';
    if (found != NULL) {
        *out->at++ = letters[found - short_names];
        return;
    }
    output_put(out, "u00", 3);
    *out->at++ = digits[byte >> 4];
    *out->at++ = digits[byte & 15];
}

/* Puts the rest of a text, which begins with something to escape, and the closing quote. */
static int
write_escaped(Output *out, const char *text, size_t length)
{
    /* The longest escape has six bytes. */
    if (output_reserve(out, length * 6 + 1) < 0) {
        return FAILED;
    }
    for (size_t at = 0; at < length; at++) {
        if (is_escaped((unsigned char)text[at])) {
            put_escape(out, (unsigned char)text[at]);
        }
        else {
            *out->at++ = text[at];
        }
    }
    *out->at++ = '"';
    return WRITTEN;
}

static inline int
write_quoted(Output *out, const char *text, size_t length)
{
    if (output_reserve(out, length + 2) < 0) {
        return FAILED;
    }
    *out->at++ = '"';
    size_t clean = copy_clean(out->at, text, length);
    out->at += clean;
    if (clean < length) {
        return write_escaped(out, text + clean, length - clean);
    }
    *out->at++ = '"';
    return WRITTEN;
}

/* Returns the UTF-8 of a str, which lives as long as that; NULL when there is none, and then the
   answer is UNUSUAL or FAILED. */
static const char *
utf8(PyObject *text, Py_ssize_t *length, int *answer)
{
    const char *found = PyUnicode_AsUTF8AndSize(text, length);
    *answer = WRITTEN;
    if (found == NULL) {
        *answer = PyErr_ExceptionMatches(PyExc_UnicodeEncodeError) ? UNUSUAL : FAILED;
        if (*answer == UNUSUAL) {
            PyErr_Clear();
        }
    }
    return found;
}

int
write_text(Output *out, PyObject *text)
{
    Py_ssize_t length;
    int answer;
    const char *found = utf8(text, &length, &answer);
    return found == NULL ? answer : write_quoted(out, found, (size_t)length);
}

int
write_name(Output *out, PyObject *name)
{
    Py_ssize_t length;
    int answer;
    if (!Py_IS_TYPE(name, &PyUnicode_Type)) {
        return UNUSUAL;
    }
    const char *found = utf8(name, &length, &answer);
    if (found == NULL) {
        return answer;
    }
    return length == 0 ? UNUSUAL : write_quoted(out, found, (size_t)length);
}

/* Puts at least `width` digits. */
static void
put_digits(Output *out, unsigned long long number, int width)
{
    char digits[MOST_DIGITS];
    int count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0 || count < width);
    while (count > 0) {
        *out->at++ = digits[--count];
    }
}

int
write_integer(Output *out, long long number)
{
    if (output_reserve(out, MOST_DIGITS + 1) < 0) {
        return FAILED;
    }
    if (number < 0) {
        *out->at++ = '-';
    }
    put_digits(out, number < 0 ? 0ULL - (unsigned long long)number : (unsigned long long)number, 1);
    return WRITTEN;
}

/* Appends the bytes object that a call returned, and lets go of it. ValueError means UNUSUAL. */
static int
add_returned(Output *out, PyObject *bytes)
{
    char *text;
    Py_ssize_t length;
    if (bytes == NULL) {
        if (!PyErr_ExceptionMatches(PyExc_ValueError)) {
            return FAILED;
        }
        PyErr_Clear();
        return UNUSUAL;
    }
    int answer = PyBytes_AsStringAndSize(bytes, &text, &length);
    if (answer == 0) {
        answer = output_add(out, text, (size_t)length);
    }
    Py_DECREF(bytes);
    return answer;
}

/* A number as msgspec writes it. UNUSUAL: it has more digits than Python prints. */
static int
write_by_msgspec(Output *out, PyObject *number, PyObject *encode)
{
    Py_INCREF(number); /* its dict may be changed meanwhile, for all that we know of `encode` */
    int answer = add_returned(out, PyObject_CallFunctionObjArgs(encode, number, NULL));
    Py_DECREF(number);
    return answer;
}

static int
write_int(Output *out, PyObject *number, PyObject *encode)
{
    int overflow;
    long long value = PyLong_AsLongLongAndOverflow(number, &overflow);
    if (overflow) {
        return write_by_msgspec(out, number, encode);
    }
    return write_integer(out, value);
}

/* Writes a number below 10**9 that has at most six decimals, such as a price; returns UNUSUAL for
   others. Up to 15 digits there is one double for each decimal number, so that what divides to
   exactly this value is its shortest text. */
static int
write_short_decimal(Output *out, double value)
{
    static const double powers[] = {1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
    double size = fabs(value);
    if (FLT_EVAL_METHOD != 0 || !(size < 1e9) || (size < 1e-3 && size != 0.0)) {
        return UNUSUAL;
    }
    for (int decimals = 1; decimals <= 6; decimals++) {
        double power = powers[decimals - 1];
        unsigned long long scaled = (unsigned long long)(size * power + 0.5);
        if ((double)scaled / power == size) {
            if (output_reserve(out, 2 * MOST_DIGITS) < 0) {
                return FAILED;
            }
            if (signbit(value)) {
                *out->at++ = '-';
            }
            put_digits(out, scaled / (unsigned long long)power, 1);
            *out->at++ = '.';
            put_digits(out, scaled % (unsigned long long)power, decimals);
            return WRITTEN;
        }
    }
    return UNUSUAL;
}

static int
write_float(Output *out, PyObject *number, PyObject *encode)
{
    double value = PyFloat_AsDouble(number);
    if (!isfinite(value)) {
        return UNUSUAL;
    }
    int answer = write_short_decimal(out, value);
    return answer == UNUSUAL ? write_by_msgspec(out, number, encode) : answer;
}

int
write_value(Output *out, PyObject *value, PyObject *encode_float)
{
    if (Py_IS_TYPE(value, &PyUnicode_Type)) {
        return write_text(out, value);
    }
    if (Py_IS_TYPE(value, &PyLong_Type)) {
        return write_int(out, value, encode_float);
    }
    if (value == Py_True) {
        return output_add(out, "true", 4);
    }
    if (value == Py_False) {
        return output_add(out, "false", 5);
    }
    if (Py_IS_TYPE(value, &PyFloat_Type)) {
        return write_float(out, value, encode_float);
    }
    return UNUSUAL;
}
