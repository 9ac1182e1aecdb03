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

// `NAME::` before all others: put there for the image alone that gets it. The loader skips the empty word. The
// constructor takes it out of the environment again, so that the program and its children do not see it.
const char *pp_preloads_of_program(const char *list) {
    size_t length = strcspn(list, " :");
    bool marked = strncmp(list + length, "::", 2) == 0 && pp_is_sanitizer(list, length);
    return marked ? list + length + 2 : list;
}

static bool has_prefix(const char *entry, const char *key) { return strncmp(entry, key, strlen(key)) == 0; }

// Copies a list of libraries without ours; returns the end of what it wrote.
static char *copy_others(const char *list, char *to, const char *ours) {
    char *begin = to;
    list = pp_preloads_of_program(list);
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

static bool has_room(const char *list, const pp_image *image, size_t size) {
    return sizeof(preload_key) + strlen(list) + strlen(pp_preload_path()) + sizeof(image->first) + 3 <= size;
}

// LD_PRELOAD with our library at its end; or without it, NULL if nothing else is left. Before others of the program
// nothing is put: a sanitizer would refuse them without us, too.
static char *preload_entry(const char *list, const pp_image *image, char *text) {
    const char *ours = pp_preload_path();
    char *at = stpcpy(text, preload_key);
    char *begin = at;
    at = copy_others(list, at, ours);
    if (image->kind != PP_IMAGE_FOREIGN) {
        if (at != begin)
            *at++ = ':';
        else if (image->first[0] != 0)
            at = stpcpy(stpcpy(at, image->first), "::");
        at = stpcpy(at, ours);
    }
    *at = 0;
    return at == begin ? NULL : text;
}

size_t pp_environment_text(char *const environment[]) {
    const char *session = pp_session_path();
    size_t longest = 0;
    for (size_t i = 0; environment != NULL && environment[i] != NULL; i++)
        if (has_prefix(environment[i], preload_key) && strlen(environment[i]) > longest)
            longest = strlen(environment[i]);
    return sizeof(session_key) + (session != NULL ? strlen(session) : 0) + sizeof(preload_key) + longest +
           strlen(pp_preload_path()) + sizeof(((pp_image *)0)->first) + 8;
}

static bool is_complete(char *const environment[]) {
    bool preload = false, session = false;
    for (size_t i = 0; environment[i] != NULL; i++) {
        const char *list = environment[i] + strlen(preload_key);
        preload |= has_prefix(environment[i], preload_key) && strstr(list, pp_preload_path()) != NULL &&
                   pp_preloads_of_program(list) == list;
        session |= has_prefix(environment[i], session_key) &&
                   strcmp(environment[i] + strlen(session_key), pp_session_path()) == 0;
    }
    return preload && session;
}

char *const *pp_environment_for(const pp_image *image, char *const environment[], char **out, char *text,
                                size_t text_size) {
    bool with_ours = image->kind != PP_IMAGE_FOREIGN;
    if (environment == NULL || pp_session_path() == NULL ||
        (with_ours && image->first[0] == 0 && is_complete(environment)))
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
        if (!has_room(list, image, text_size - session_size))
            return environment; // the program's own libraries come first
        char *entry = preload_entry(list, image, rest);
        if (entry != NULL && !placed)
            out[n++] = entry;
        placed = true;
    }
    if (with_ours) {
        char *entry = placed ? NULL : preload_entry("", image, rest);
        if (entry != NULL)
            out[n++] = entry;
        stpcpy(stpcpy(text, session_key), pp_session_path());
        out[n++] = text;
    }
    out[n] = NULL;
    return out;
}
