// SPDX-License-Identifier: Apache-2.0
// The Swift runtime's demangler calls abort() on some damaged names, and a name may come from a hostile file.
#pragma once
#include <stddef.h>

/// `_swift_backtrace_demangle`, or a function like it: returns malloc'ed text or NULL.
typedef char *_Nullable (*cdg_demangler)(const char *_Nonnull name, size_t length);

/// Calls a demangler; NULL if it aborts, which costs what it had allocated. One call at a time, others wait.
char *_Nullable cdg_demangle(cdg_demangler _Nonnull demangler, const char *_Nonnull name, size_t length);
