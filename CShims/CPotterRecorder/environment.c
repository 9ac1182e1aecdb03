// SPDX-License-Identifier: Apache-2.0
// The environment of children: it carries an LD_PRELOAD entry and POTTER_SESSION, nothing else of ours, so that their
// images say hello too. Runs between fork and exec, and in vfork children: no malloc, the caller gives the memory.
#include "recorder.h"
#include <string.h>

static const char preload_key[] = "LD_PRELOAD=";
static const char session_key[] = "POTTER_SESSION=";

size_t pp_environment_count(char *const environment[]) {
    size_t count = 0;
    while (environment != NULL && environment[count] != NULL)
        count++;
    return count;
}

static bool has_prefix(const char *entry, const char *key) { return strncmp(entry, key, strlen(key)) == 0; }

// Copies a list of libraries without ours; returns the end of what it wrote.
static char *copy_others(const char *list, char *to, const char *ours) {
    char *begin = to;
    while (*list != 0) {
        size_t length = strcspn(list, " :");
        bool mine = strlen(ours) == length && strncmp(list, ours, length) == 0;
        if (length > 0 && !mine) {
            if (to != begin)
                *to++ = ':';
            memcpy(to, list, length);
            to += length;
        }
        list += length;
        list += strspn(list, " :");
    }
    return to;
}

static bool has_room(const char *list, size_t size) {
    return sizeof(preload_key) + strlen(list) + strlen(pp_preload_path()) + 2 <= size;
}

// LD_PRELOAD with our library at its end; or without it, NULL if nothing else is left.
static char *preload_entry(const char *list, bool with_ours, char *text) {
    const char *ours = pp_preload_path();
    char *at = stpcpy(text, preload_key);
    char *begin = at;
    at = copy_others(list, at, ours);
    if (with_ours) {
        if (at != begin)
            *at++ = ':';
        at = stpcpy(at, ours);
    }
    *at = 0;
    return at == begin ? NULL : text;
}

static bool is_complete(char *const environment[]) {
    bool preload = false, session = false;
    for (size_t i = 0; environment[i] != NULL; i++) {
        preload |= has_prefix(environment[i], preload_key) && strstr(environment[i], pp_preload_path()) != NULL;
        session |= has_prefix(environment[i], session_key) &&
                   strcmp(environment[i] + strlen(session_key), pp_session_path()) == 0;
    }
    return preload && session;
}

char *const *pp_environment_for(pp_image image, char *const environment[], char **out, char *text, size_t text_size) {
    bool with_ours = image != PP_IMAGE_FOREIGN;
    if (environment == NULL || pp_session_path() == NULL || (with_ours && is_complete(environment)))
        return environment;
    size_t n = 0;
    const char *list = "";
    size_t session_size = strlen(session_key) + strlen(pp_session_path()) + 1;
    if (session_size > text_size)
        return environment;
    char *rest = text + session_size;
    bool placed = false;
    for (size_t i = 0; environment[i] != NULL; i++) {
        if (has_prefix(environment[i], session_key))
            continue;
        if (!has_prefix(environment[i], preload_key)) {
            out[n++] = environment[i];
            continue;
        }
        list = environment[i] + strlen(preload_key);
        if (!has_room(list, text_size - session_size))
            return environment; // the program's own libraries come first
        char *entry = preload_entry(list, with_ours, rest);
        if (entry != NULL && !placed)
            out[n++] = entry;
        placed = true;
    }
    if (with_ours) {
        char *entry = placed ? NULL : preload_entry("", true, rest);
        if (entry != NULL)
            out[n++] = entry;
        stpcpy(stpcpy(text, session_key), pp_session_path());
        out[n++] = text;
    }
    out[n] = NULL;
    return out;
}
