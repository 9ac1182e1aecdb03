// SPDX-License-Identifier: Apache-2.0
// libelf and libdw (elfutils) and the liblzma that they use, as Swift sees them.
#pragma once
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <gelf.h>
#include <libelf.h>
#include <lzma.h>
