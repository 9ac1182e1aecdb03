// SPDX-License-Identifier: Apache-2.0
// This library has all that libPotterPreload.so has; the two are never in one process.
#include "../CPotterPreload/preload.c"
