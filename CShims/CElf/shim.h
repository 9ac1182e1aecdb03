// SPDX-License-Identifier: Apache-2.0
// libelf and libdw (elfutils), as Swift sees them.
#pragma once
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <gelf.h>
#include <libelf.h>
